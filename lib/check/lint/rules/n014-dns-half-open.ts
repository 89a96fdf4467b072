import { rulesInForce, takesPort } from '../policies.js';
import type { Rule } from '../rule.js';
import { isEmptySelector, selectorText } from '../selectors.js';
import type { PolicyView, World } from '../world.js';

export const dnsHalfOpen: Rule = {
  code: 'SMT-N014',
  name: 'dns-half-open',
  severity: 'warning',
  persona: 'regular',
  summary: 'pods may ask DNS by UDP or TCP only, or not at all',
  why: 'answers that do not fit into one packet come by TCP, so names fail now and then; without port 53 nothing can be found at all, also for init containers.',
  standards: ['RFC 7766 5', 'gardener issue 2745'],
  fix: 'allow port 53 with UDP and with TCP to the DNS pods',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Egress]
  egress:
    - to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }, podSelector: { matchLabels: { k8s-app: kube-dns } } }]
      ports: [{ port: 53, protocol: UDP }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Egress]
  egress:
    - to: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }, podSelector: { matchLabels: { k8s-app: kube-dns } } }]
      ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
`,
  *check(world) {
    for (const policy of world.policies)
      for (const { ports = [], direction } of rulesInForce(policy)) {
        const dns = ports.filter(({ port }) => port === 53);
        const [first] = dns;
        const protocols = new Set(dns.map(({ protocol }) => protocol));
        if (
          direction === 'egress' &&
          first &&
          protocols.size === 1 &&
          !openedElsewhere(world, policy, protocols.has('UDP') ? 'TCP' : 'UDP')
        )
          yield { object: policy.object, path: first.path, message: `port 53 is open for ${first.protocol} only` };
      }
    for (const workload of world.workloads) {
      const isolating = world.policiesOf(workload).filter(({ types }) => types.includes('Egress'));
      const rules = isolating.flatMap(({ egress }) => egress);
      // a workload with no egress rule at all is meant to call nobody
      const [first] = isolating;
      if (
        first &&
        rules.length > 0 &&
        !['UDP', 'TCP'].some(protocol => rules.some(rule => takesPort(rule, protocol, 53) || takesPort(rule, protocol, 5353)))
      )
        yield {
          object: workload.object,
          path: ['metadata', 'name'],
          message: 'may call somebody, but not ask DNS where he is',
          persona: 'pedantic',
          related: [{ object: first.object, path: ['spec', 'egress'], text: 'isolated by' }],
        };
    }
  },
};

/** Whether another policy of the same pods, or another rule, opens the other protocol. */
function openedElsewhere(world: World, policy: PolicyView, protocol: string): boolean {
  const same = world
    .policiesIn(policy.namespace)
    .filter(
      other =>
        other === policy || selectorText(other.podSelector) === selectorText(policy.podSelector) || isEmptySelector(other.podSelector),
    );
  return same.some(({ egress }) => egress.some(rule => takesPort(rule, protocol, 53)));
}
