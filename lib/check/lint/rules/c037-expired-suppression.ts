import type { Rule } from '../rule.js';

export const expiredSuppression: Rule = {
  code: 'SMT-C037',
  name: 'expired-suppression',
  severity: 'warning',
  persona: 'regular',
  summary: 'the day until which a finding was to be passed over has gone by',
  why: 'somebody gave themselves a deadline for it; from that day the finding counts again.',
  standards: ['NIST SP 800-53 r5 CA-5'],
  fix: 'mend what the suppression hides, or give it another day and say why',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  # sentinel-mtls: ignore[SMT-C030] until=2026-01-31 the issuer allows one day at most
  duration: 1h
  usages: [server auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  duration: 24h
  usages: [server auth]
  issuerRef: { name: ca }
`,
  *check() {
    // reported where suppressions are applied: see applySuppressions
  },
};
