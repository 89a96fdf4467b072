import type { Rule } from '../rule.js';

export const namespaceLeftOut: Rule = {
  code: 'SMT-N045',
  name: 'namespace-left-out',
  severity: 'note',
  persona: 'pedantic',
  summary: 'a policy does not say in which namespace it holds',
  why: 'it lands wherever kubectl points at that moment, often in default, and the pods it was for stay open.',
  standards: ['cyclonus lint: MissingNamespace'],
  fix: 'write metadata.namespace; in a chart, {{ .Release.Namespace }}',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny, namespace: shop }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
`,
  *check({ policies }) {
    for (const { object, namespace } of policies)
      if (namespace === '') yield { object, path: ['metadata', 'name'], message: 'the policy names no namespace' };
  },
};
