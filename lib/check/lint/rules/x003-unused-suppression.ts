import type { Rule } from '../rule.js';

export const unusedSuppression: Rule = {
  code: 'SMT-X003',
  name: 'unused-suppression',
  severity: 'warning',
  persona: 'regular',
  summary: 'a suppression holds nothing back',
  why: 'what it was for is mended or has moved; left there it would hide the next fault of its kind.',
  standards: ['NIST SP 800-53 r5 CA-5'],
  fix: 'remove it; a suppression is for one finding that is there',
  bad: `
# sentinel-mtls: ignore[SMT-C030] the issuer allows one hour at most
apiVersion: v1
kind: ConfigMap
metadata: { name: orders }
`,
  good: `
apiVersion: v1
kind: ConfigMap
metadata: { name: orders }
`,
  *check() {
    // reported where suppressions are applied: see applySuppressions
  },
};
