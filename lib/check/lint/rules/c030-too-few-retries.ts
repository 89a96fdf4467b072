import type { Rule } from '../rule.js';
import { durationText, isSet, textAt } from '../values.js';

/** cert-manager waits 1 h after the first failure and 2 h after the second: two retries need as long. */
const TWO_RETRIES_SECONDS = 3 * 3600;

export const tooFewRetries: Rule = {
  code: 'SMT-C030',
  name: 'too-few-retries',
  severity: 'warning',
  persona: 'regular',
  summary: 'a failed renewal is tried again fewer than two times before the certificate ends',
  why: 'cert-manager waits one hour after the first failure, two after the second. A short outage of the issuer at the wrong time then becomes an outage of the service.',
  standards: ['cert-manager documentation, Certificate: "reissuance backoff"'],
  fix: 'renew at least 3 hours before the end, with a duration of half a day or more',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], duration: 24h, renewBefore: 1h, secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], duration: 24h, renewBefore: 8h, secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  *check({ certificates }) {
    for (const { object, spec, renewBefore } of certificates) {
      if (renewBefore >= TWO_RETRIES_SECONDS || textAt(spec, 'renewal', 'policy') === 'Disabled') continue;
      const field = ['renewBefore', 'renewBeforePercentage', 'duration'].find(name => isSet(spec, name));
      yield {
        object,
        path: field === undefined ? ['spec'] : ['spec', field],
        message: `is renewed ${durationText(renewBefore)} before its end: too late for two retries`,
      };
    }
  },
};
