import { objectName } from '../../../objects/index.js';
import { takesPort } from '../policies.js';
import type { Rule } from '../rule.js';
import { mapAt, textAt } from '../values.js';

const MESHES: readonly (readonly [string, RegExp, number])[] = [
  ['linkerd.io/inject', /^(?:enabled|ingress)$/, 4143],
  ['ambient.istio.io/redirection', /^enabled$/, 15008],
];

export const meshPortClosed: Rule = {
  code: 'SMT-N044',
  name: 'mesh-port-closed',
  severity: 'warning',
  persona: 'regular',
  summary: 'a policy does not open the port on which the proxy of a mesh receives',
  why: 'with a mesh all traffic arrives on the port of its proxy. A policy that opens the port of the application alone closes everything.',
  standards: ['Linkerd documentation: network policy', 'Istio documentation: ambient and NetworkPolicy'],
  fix: 'open 4143 for Linkerd, 15008 for ambient Istio, for the same peers',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders }, annotations: { linkerd.io/inject: enabled } }
spec: { containers: [{ name: a, image: orders:1 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: orders } } }], ports: [{ port: 8443, protocol: TCP }] }]
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders }, annotations: { linkerd.io/inject: enabled } }
spec: { containers: [{ name: a, image: orders:1 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: orders } } }], ports: [{ port: 8443, protocol: TCP }, { port: 4143, protocol: TCP }] }]
`,
  *check(world) {
    for (const workload of world.workloads) {
      const annotations = workload.object.kind === 'Pod' ? mapAt(workload.object, 'metadata', 'annotations') : workload.annotations;
      const mesh = MESHES.find(([key, value]) => value.test(textAt(annotations, key)));
      if (!mesh) continue;
      const isolating = world.policiesOf(workload).filter(({ types }) => types.includes('Ingress'));
      const rules = isolating.flatMap(({ ingress }) => ingress);
      const [first] = isolating;
      if (first && rules.length > 0 && !rules.some(rule => takesPort(rule, 'TCP', mesh[2])))
        yield {
          object: first.object,
          path: ['spec', 'ingress'],
          message: `port ${mesh[2]} of the mesh is closed for ${objectName(workload.object)}`,
          related: [{ object: workload.object, path: ['metadata', 'name'], text: 'in the mesh' }],
        };
    }
  },
};
