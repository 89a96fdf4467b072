import type { Rule } from '../rule.js';

export const suppressionWithoutReason: Rule = {
  code: 'SMT-X002',
  name: 'suppression-without-reason',
  severity: 'error',
  persona: 'regular',
  summary: 'a suppression gives no reason, names no rule, or has a malformed day: it is not followed',
  why: 'nobody can tell later whether the risk was weighed or just hidden.',
  standards: ['NIST SP 800-53 r5 RA-7'],
  fix: 'write: # sentinel-mtls: ignore[SMT-C014] until=2027-01-31 why it may stay',
  bad: `
# sentinel-mtls: ignore[SMT-C030]
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
    // reported where suppressions are read: see readSuppressions
  },
};
