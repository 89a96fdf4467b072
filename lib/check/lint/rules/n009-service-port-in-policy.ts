import type { PolicyRule } from '../policies.js';
import type { Report, Rule } from '../rule.js';
import { listAt, numberAt } from '../values.js';
import type { PolicyView, ServiceView, WorkloadView, World } from '../world.js';
import { podsOfPeer, subjectsOf } from './_peers.js';

export const servicePortInPolicy: Rule = {
  code: 'SMT-N009',
  name: 'service-port-in-policy',
  severity: 'error',
  persona: 'regular',
  summary: 'a policy opens the port of a Service in place of the port of its pods',
  why: 'a policy sees traffic after the Service was translated: the pod’s port counts, and the one that clients use stays closed.',
  standards: ['Kubernetes NetworkPolicy: ports are those of pods', 'cert-manager PR 5788'],
  fix: 'write the targetPort of the Service',
  bad: `
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec: { selector: { app: orders }, ports: [{ port: 443, targetPort: 8443 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1, ports: [{ containerPort: 8443 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: cart } } }], ports: [{ port: 443, protocol: TCP }] }]
`,
  good: `
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec: { selector: { app: orders }, ports: [{ port: 443, targetPort: 8443 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1, ports: [{ containerPort: 8443 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: cart } } }], ports: [{ port: 8443, protocol: TCP }] }]
`,
  *check(world) {
    for (const policy of world.policies) {
      const subjects = subjectsOf(world, policy);
      yield* wrongPorts(world, policy, policy.ingress, () => subjects);
      yield* wrongPorts(world, policy, policy.egress, rule => (rule.peers ?? []).flatMap(peer => podsOfPeer(world, policy, peer)));
    }
  },
};

function* wrongPorts(
  world: World,
  policy: PolicyView,
  rules: readonly PolicyRule[],
  podsOf: (rule: PolicyRule) => readonly WorkloadView[],
): Iterable<Report> {
  for (const rule of rules) {
    const pods = podsOf(rule);
    if (pods.length === 0) continue;
    for (const { port, path, protocol, endPort } of rule.ports ?? []) {
      if (typeof port !== 'number' || endPort !== undefined) continue;
      // a port that some container names is right whatever a Service does
      if (
        pods.some(({ containers }) =>
          containers.some(({ value }) => listAt(value, 'ports').some(own => numberAt(own, 'containerPort') === port)),
        )
      )
        continue;
      for (const pod of pods) {
        const service: ServiceView | undefined = world
          .servicesOf(pod)
          .find(each => each.ports.some(own => own.port === port && own.protocol === protocol));
        const target: string | number | undefined = service?.ports.find(own => own.port === port)?.targetPort;
        if (!service || target === port || service.ports.some(own => own.targetPort === port)) continue;
        yield {
          object: policy.object,
          path: [...path, 'port'],
          message: `${port} is the port of Service ${service.name}, its pods listen on ${String(target)}`,
          related: [{ object: service.object, path: ['spec', 'ports'], text: 'the Service' }],
        };
        break;
      }
    }
  }
}
