import { cidrProblem, contains } from '../../../fleet/cidr.js';
import type { Rule } from '../rule.js';
import { isSet, textAt, textsAt } from '../values.js';

/** Where cloud providers hand out the credentials of a node. */
const METADATA = '169.254.169.254/32';

export const addressRange: Rule = {
  code: 'SMT-N041',
  name: 'address-range',
  severity: 'error',
  persona: 'regular',
  summary: 'an address range is malformed, or opens what nobody thinks of',
  why: 'a malformed range or an exception outside of it makes the API server refuse the policy, and what it was to close stays open. "The internet" as 0.0.0.0/0 also is every pod, and the metadata service with the credentials of the node.',
  standards: ['Kubernetes NetworkPolicy API: ipBlock.except', 'CIS Kubernetes Benchmark 1.12, 5.3.2', 'MITRE ATT&CK T1552.005'],
  fix: 'write the network address with its prefix; except the metadata service and the ranges of pods and services',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Egress]
  egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/8, except: [192.168.0.0/16] } }], ports: [{ port: 443, protocol: TCP }] }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Egress]
  egress: [{ to: [{ ipBlock: { cidr: 10.0.0.0/8, except: [10.1.0.0/16] } }], ports: [{ port: 443, protocol: TCP }] }]
`,
  *check({ policies }) {
    for (const { object, rules } of policies)
      for (const { peers = [], direction } of rules)
        for (const { value, path } of peers) {
          if (!isSet(value, 'ipBlock')) continue;
          if (isSet(value, 'podSelector') || isSet(value, 'namespaceSelector'))
            yield { object, path: [...path, 'ipBlock'], message: 'an ipBlock can have no selector beside it' };
          const cidr = textAt(value, 'ipBlock', 'cidr');
          const problem = cidrProblem(cidr);
          if (problem !== undefined) {
            yield { object, path: [...path, 'ipBlock', 'cidr'], message: `"${cidr}" is no address range: ${problem}` };
            continue;
          }
          const exceptions = textsAt(value, 'ipBlock', 'except');
          for (const [index, except] of exceptions.entries()) {
            const at = [...path, 'ipBlock', 'except', index];
            const wrong = cidrProblem(except);
            if (wrong !== undefined) yield { object, path: at, message: `"${except}" is no address range: ${wrong}` };
            else if (!contains(cidr, except)) yield { object, path: at, message: `the exception ${except} is not inside of ${cidr}` };
          }
          if (
            direction === 'egress' &&
            cidr === '0.0.0.0/0' &&
            !exceptions.some(except => cidrProblem(except) === undefined && covers(except))
          )
            yield {
              object,
              path: [...path, 'ipBlock', 'cidr'],
              message: '0.0.0.0/0 also is the metadata service of the cloud',
              severity: 'warning',
              persona: 'pedantic',
            };
        }
  },
};

const covers = (except: string): boolean => except === METADATA || contains(except, METADATA);
