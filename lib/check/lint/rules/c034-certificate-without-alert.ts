import type { Rule } from '../rule.js';
import { listAt, textAt } from '../values.js';

const METRIC = /certmanager_certificate_(?:expiration|not_after|renewal)_timestamp_seconds|certmanager_certificate_ready_status/;
const MATCHER = /\b(name|namespace|exported_namespace)\s*(=~?)\s*["']([^"']*)["']/g;

export const certificateWithoutAlert: Rule = {
  code: 'SMT-C034',
  name: 'certificate-without-alert',
  severity: 'warning',
  persona: 'regular',
  summary: 'no alert watches a certificate',
  why: 'a renewal that fails says so nowhere else before the service goes down.',
  standards: ['cert-manager documentation, Prometheus metrics', 'NIST SP 1800-16B 4.2'],
  fix: 'add a rule on certmanager_certificate_expiration_timestamp_seconds whose matchers take this certificate',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: certificates, namespace: monitoring }
spec:
  groups:
    - name: certificates
      rules:
        - alert: CertificateExpires
          expr: certmanager_certificate_expiration_timestamp_seconds{exported_namespace="web"} - time() < 86400
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: { name: certificates, namespace: monitoring }
spec:
  groups:
    - name: certificates
      rules:
        - alert: CertificateExpires
          expr: certmanager_certificate_expiration_timestamp_seconds - time() < 86400
`,
  *check({ objects, certificates }) {
    const expressions = objects
      .ofKind('PrometheusRule', 'monitoring.coreos.com')
      .flatMap(rule => listAt(rule, 'spec', 'groups').flatMap(group => listAt(group, 'rules')))
      .filter(rule => textAt(rule, 'alert') !== '')
      .map(rule => textAt(rule, 'expr'))
      .filter(expression => METRIC.test(expression));
    const [first] = certificates;
    if (expressions.length === 0) {
      if (first)
        yield {
          object: first.object,
          path: [],
          message: `no alert here watches ${certificates.length === 1 ? 'this certificate' : `this or the other ${certificates.length - 1} certificates`}`,
          severity: 'note',
          persona: 'auditor',
        };
      return;
    }
    if (expressions.some(expression => matchersOf(expression).length === 0)) return;
    for (const { object, namespace } of certificates)
      if (!expressions.some(expression => matchersOf(expression).every(matcher => takes(matcher, object.metadata.name, namespace))))
        yield { object, path: ['metadata', 'name'], message: 'no alert watches this certificate' };
  },
};

const matchersOf = (expression: string): string[][] =>
  [...expression.matchAll(MATCHER)].map(([, label = '', operator = '', value = '']) => [label, operator, value]);

function takes([label, operator, value]: readonly string[], name: string, namespace: string): boolean {
  const text = label === 'name' ? name : namespace;
  if (operator === '=') return text === value;
  try {
    return new RegExp(`^(?:${value})$`).test(text);
  } catch {
    return true;
  }
}
