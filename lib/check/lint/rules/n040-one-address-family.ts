import { rulesInForce } from '../policies.js';
import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const oneAddressFamily: Rule = {
  code: 'SMT-N040',
  name: 'one-address-family',
  severity: 'note',
  persona: 'pedantic',
  summary: 'a rule for every address names one family alone',
  why: '0.0.0.0/0 is no IPv6 address and ::/0 no IPv4 one: in a dual-stack cluster half of the traffic is treated otherwise than meant.',
  standards: ['Kubernetes NetworkPolicy API: ipBlock.cidr'],
  fix: 'add the other one: 0.0.0.0/0 and ::/0',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Egress]
  egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0, except: [169.254.169.254/32] } }], ports: [{ port: 443, protocol: TCP }] }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Egress]
  egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0, except: [169.254.169.254/32] } }, { ipBlock: { cidr: '::/0' } }], ports: [{ port: 443, protocol: TCP }] }]
`,
  *check({ policies }) {
    for (const policy of policies)
      for (const { peers = [] } of rulesInForce(policy)) {
        const all = peers.map(({ value }) => textAt(value, 'ipBlock', 'cidr'));
        for (const [index, cidr] of all.entries()) {
          const other = cidr === '0.0.0.0/0' ? '::/0' : cidr === '::/0' ? '0.0.0.0/0' : undefined;
          const path = peers[index]?.path;
          if (other !== undefined && path && !all.includes(other))
            yield { object: policy.object, path: [...path, 'ipBlock', 'cidr'], message: `${cidr} without ${other}` };
        }
      }
  },
};
