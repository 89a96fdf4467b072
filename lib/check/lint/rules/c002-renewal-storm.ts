import type { Rule } from '../rule.js';
import { durationText, numberAt } from '../values.js';

/** Go's int64 of nanoseconds, in seconds: duration times percentage overflows above it before cert-manager 1.21. */
const OVERFLOW_SECONDS = 9_223_372_036;

export const renewalStorm: Rule = {
  code: 'SMT-C002',
  name: 'renewal-storm',
  severity: 'warning',
  persona: 'regular',
  summary: 'a certificate is renewed so early that renewals follow each other, or at a time that overflows',
  why: 'an issuer may return a shorter certificate than was asked for. When renewBefore is nearly the whole life, a slightly shorter one is due for renewal at once, and cert-manager renews for ever.',
  standards: ['cert-manager documentation, Certificate: renewBefore and renewBeforePercentage', 'cert-manager issues 4423, 8947'],
  fix: 'renew after two thirds of the life: leave renewBefore out, or use renewBeforePercentage below 66',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  duration: 720h
  renewBefore: 710h
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  duration: 720h
  renewBefore: 240h
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
`,
  *check({ certificates, settings }) {
    for (const { object, spec, duration, renewBefore } of certificates) {
      const percentage = numberAt(spec, 'renewBeforePercentage');
      const field = percentage === undefined ? 'renewBefore' : 'renewBeforePercentage';
      if (percentage !== undefined && settings.certManager < 21 && duration * Math.max(percentage, 100 - percentage) > OVERFLOW_SECONDS)
        yield {
          object,
          path: ['spec', field],
          message: `${percentage} % of ${durationText(duration)} overflows in cert-manager 1.${settings.certManager}`,
          fix: 'write renewBefore as a duration',
          severity: 'error',
        };
      else if (renewBefore > (duration * 2) / 3)
        yield {
          object,
          path: ['spec', field],
          message: `is renewed ${durationText(duration - renewBefore)} after it was issued, with ${durationText(renewBefore)} left`,
        };
    }
  },
};
