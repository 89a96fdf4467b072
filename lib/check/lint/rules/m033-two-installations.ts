import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const twoInstallations: Rule = {
  code: 'SMT-M033',
  name: 'two-installations',
  severity: 'error',
  persona: 'regular',
  summary: 'two installations of cert-manager are deployed',
  why: 'both watch every Certificate and overwrite what the other wrote, and the webhook of one rejects what the other needs.',
  standards: ['cert-manager documentation, installation: "only one per cluster"'],
  fix: 'remove one of them',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: cert-manager, namespace: cert-manager }
spec: { containers: [{ name: controller, image: 'quay.io/jetstack/cert-manager-controller:v1.21.2' }] }
---
apiVersion: v1
kind: Pod
metadata: { name: cert-manager, namespace: infra }
spec: { containers: [{ name: controller, image: 'quay.io/jetstack/cert-manager-controller:v1.21.2' }] }
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: cert-manager, namespace: cert-manager }
spec: { containers: [{ name: controller, image: 'quay.io/jetstack/cert-manager-controller:v1.21.2' }] }
`,
  *check({ workloads }) {
    const [first, ...others] = workloads.filter(({ containers }) =>
      containers.some(({ value }) => /(?:^|\/)cert-manager-controller[:@]/.test(textAt(value, 'image'))),
    );
    for (const { object } of others)
      if (first)
        yield {
          object,
          path: ['metadata', 'name'],
          message: `a second cert-manager beside ${objectName(first.object)}`,
          related: [{ object: first.object, path: ['metadata', 'name'], text: 'the first one' }],
        };
  },
};
