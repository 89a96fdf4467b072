import type { Rule } from '../rule.js';

export const podNotIsolated: Rule = {
  code: 'SMT-N001',
  name: 'pod-not-isolated',
  severity: 'warning',
  persona: 'regular',
  summary: 'a namespace has network policies, but none selects this workload',
  why: 'a pod that no policy selects may be reached by everybody and reach everything, however strict the policies of its neighbours are.',
  standards: [
    'Kubernetes NetworkPolicy: "the two sorts of pod isolation"',
    'CIS Kubernetes Benchmark 1.12, 5.3.2',
    'OWASP Kubernetes Top 10 2025 K05',
  ],
  fix: 'add a policy with podSelector: {}, policyTypes: [Ingress, Egress] and no rules: default deny',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec: { podSelector: { matchLabels: { app: orders } }, policyTypes: [Ingress, Egress] }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: cart, namespace: shop, labels: { app: cart } }
spec: { containers: [{ name: a, image: cart:1 }] }
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
---
apiVersion: v1
kind: Pod
metadata: { name: cart, namespace: shop, labels: { app: cart } }
spec: { containers: [{ name: a, image: cart:1 }] }
`,
  *check(world) {
    for (const workload of world.workloads) {
      const { object, namespace, hostNetwork } = workload;
      if (world.policiesIn(namespace).length === 0 || hostNetwork) continue;
      const selecting = world.policiesOf(workload);
      const open = ['Ingress', 'Egress'].filter(type => !selecting.some(({ types }) => types.includes(type)));
      if (open.length === 2)
        yield { object, path: ['metadata', 'name'], message: 'no NetworkPolicy of its namespace selects this workload' };
      else if (open.length === 1)
        yield {
          object,
          path: ['metadata', 'name'],
          message: `no NetworkPolicy isolates this workload for ${open[0]}`,
          severity: 'note',
          persona: 'pedantic',
        };
    }
  },
};
