import type { Rule } from '../rule.js';

export const unreadableDocument: Rule = {
  code: 'SMT-X001',
  name: 'unreadable-document',
  severity: 'error',
  persona: 'regular',
  summary: 'a document could not be read, or was not opened, so nothing in it was checked',
  why: 'a clean report about files that were not read is worth nothing.',
  standards: ['YAML 1.2.2', 'Kubernetes API conventions: every object has apiVersion, kind and metadata.name'],
  fix: 'mend the document, or do not name it',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls
`,
  good: `
apiVersion: v1
kind: ConfigMap
metadata: { name: orders }
`,
  *check() {
    // reported while reading, before there are objects: see unreadableFindings
  },
};
