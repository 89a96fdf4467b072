import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const renewalDisabled: Rule = {
  code: 'SMT-M034',
  name: 'renewal-disabled',
  severity: 'warning',
  persona: 'regular',
  summary: 'a certificate is never renewed',
  why: 'it ends on its day unless somebody thinks of it, and the metric of its renewal time is 0, which alerts must leave out.',
  standards: ['cert-manager documentation, Certificate: renewal.policy'],
  fix: 'leave renewal out; for a root that is rotated by hand keep it and see that an alert watches its end',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], renewal: { policy: Disabled }, secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  *check({ certificates }) {
    for (const { object, spec, isCA } of certificates)
      if (textAt(spec, 'renewal', 'policy') === 'Disabled')
        yield {
          object,
          path: ['spec', 'renewal', 'policy'],
          message: 'this certificate is never renewed',
          // a root with a planned rotation is the one good use
          ...(isCA ? { severity: 'note' as const, persona: 'auditor' as const } : {}),
        };
  },
};
