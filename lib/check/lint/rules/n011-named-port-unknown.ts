import { rulesInForce } from '../policies.js';
import type { Rule } from '../rule.js';
import { isSet } from '../values.js';
import { namedPorts, podsOfPeer, subjectsOf } from './_peers.js';

export const namedPortUnknown: Rule = {
  code: 'SMT-N011',
  name: 'named-port-unknown',
  severity: 'error',
  persona: 'regular',
  summary: 'a policy names a port that no selected pod has, or that can have no name',
  why: 'a name is looked up in each selected pod, by name and protocol. Where no container has it, the rule opens nothing; addresses outside of the cluster have no names at all.',
  standards: ['Kubernetes NetworkPolicy API: port', 'Kubernetes NetworkPolicy API: endPort'],
  fix: 'write the number, or the name that the container gives to the port',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1, ports: [{ name: https, containerPort: 8443 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: cart } } }], ports: [{ port: htps, protocol: TCP }] }]
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1, ports: [{ name: https, containerPort: 8443 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: cart } } }], ports: [{ port: https, protocol: TCP }] }]
`,
  *check(world) {
    for (const policy of world.policies) {
      const { object } = policy;
      for (const rule of rulesInForce(policy))
        for (const { port, protocol, path } of rule.ports ?? []) {
          if (typeof port !== 'string') continue;
          const peers = rule.peers ?? [];
          if (rule.direction === 'egress' && peers.length > 0 && peers.every(({ value }) => isSet(value, 'ipBlock')))
            yield { object, path: [...path, 'port'], message: `an address has no port named "${port}"` };
          const pods = rule.direction === 'ingress' ? subjectsOf(world, policy) : peers.flatMap(peer => podsOfPeer(world, policy, peer));
          const [first] = pods;
          if (first && !pods.some(pod => namedPorts(pod, port, protocol).length > 0))
            yield {
              object,
              path: [...path, 'port'],
              message: `no selected pod has a port named "${port}" with ${protocol}`,
              related: [{ object: first.object, path: first.containers[0]?.path ?? first.podPath, text: 'one of the pods' }],
            };
        }
    }
  },
};
