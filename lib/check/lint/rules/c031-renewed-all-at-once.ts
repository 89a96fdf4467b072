import type { Rule } from '../rule.js';
import { groupBy } from '../values.js';

/** A CA issuer signs some ten in a second; an external one allows far fewer. */
const HERD = 100;

export const renewedAllAtOnce: Rule = {
  code: 'SMT-C031',
  name: 'renewed-all-at-once',
  severity: 'note',
  persona: 'auditor',
  summary: 'many certificates of one issuer are due for renewal at the same time',
  why: 'applied together and with the same lifetimes, they renew in the same minute for ever: a burst at the issuer, and a restart of everything that reloads.',
  standards: ['cert-manager issue 5851', "Let's Encrypt rate limits"],
  fix: 'vary renewBefore by some hours, or apply in groups',
  bad: Array.from(
    { length: HERD },
    (_, index) => `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-${index}, namespace: shop }
spec: { dnsNames: [orders-${index}.shop.svc], secretName: orders-${index}, usages: [server auth], issuerRef: { name: ca } }
`,
  ).join('---'),
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-0, namespace: shop }
spec: { dnsNames: [orders-0.shop.svc], secretName: orders-0, usages: [server auth], issuerRef: { name: ca } }
`,
  *check({ certificates }) {
    const together = groupBy(certificates, ({ issuerRef: { kind, name }, namespace, duration, renewBefore }) =>
      [kind, kind === 'Issuer' ? namespace : '', name, duration, renewBefore].join(' '),
    );
    for (const [first, ...others] of together.values())
      if (first && others.length + 1 >= HERD)
        yield {
          object: first.object,
          path: ['spec'],
          message: `this and ${others.length} other Certificates of one issuer renew at the same time`,
        };
  },
};
