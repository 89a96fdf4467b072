import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { isEmptySelector } from '../selectors.js';
import { subjectsOf } from './_peers.js';

export const selectorTakesSeveral: Rule = {
  code: 'SMT-N030',
  name: 'selector-takes-several',
  severity: 'note',
  persona: 'pedantic',
  summary: 'a policy that is named after one workload selects several',
  why: 'jobs, canaries and migrations that share the label app get every right of the service.',
  standards: ['NIST SP 800-204B 4.1', 'kube-linter: selectors'],
  fix: 'select by a label that this one workload alone has, such as app.kubernetes.io/component',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: orders:1 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: orders-migration, namespace: shop, labels: { app: orders } }
spec: { containers: [{ name: a, image: migrate:1 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec: { podSelector: { matchLabels: { app: orders } }, policyTypes: [Ingress, Egress] }
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders, part: server } }
spec: { containers: [{ name: a, image: orders:1 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: orders-migration, namespace: shop, labels: { app: orders, part: migration } }
spec: { containers: [{ name: a, image: migrate:1 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec: { podSelector: { matchLabels: { app: orders, part: server } }, policyTypes: [Ingress, Egress] }
`,
  *check(world) {
    for (const policy of world.policies) {
      if (isEmptySelector(policy.podSelector)) continue;
      const subjects = subjectsOf(world, policy);
      const own = subjects.find(({ object }) => object.metadata.name === policy.object.metadata.name);
      const others = subjects.filter(subject => subject !== own);
      const [first] = others;
      if (own && first)
        yield {
          object: policy.object,
          path: ['spec', 'podSelector'],
          message: `also selects ${objectName(first.object)}${others.length > 1 ? ` and ${others.length - 1} more` : ''}`,
          related: [{ object: first.object, path: ['metadata', 'name'], text: 'selected too' }],
        };
    }
  },
};
