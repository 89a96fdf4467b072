import type { Rule } from '../rule.js';

/** Groups and versions that cert-manager took away. */
const REMOVED: Readonly<Record<string, string>> = {
  'certmanager.k8s.io/v1alpha1': 'cert-manager 0.11',
  'cert-manager.io/v1alpha2': 'cert-manager 1.6',
  'cert-manager.io/v1alpha3': 'cert-manager 1.6',
  'cert-manager.io/v1beta1': 'cert-manager 1.6',
  'acme.cert-manager.io/v1alpha2': 'cert-manager 1.6',
  'acme.cert-manager.io/v1alpha3': 'cert-manager 1.6',
  'acme.cert-manager.io/v1beta1': 'cert-manager 1.6',
};

export const removedApiVersion: Rule = {
  code: 'SMT-M011',
  name: 'removed-api-version',
  severity: 'error',
  persona: 'regular',
  summary: 'an object has an apiVersion of cert-manager that is gone',
  why: 'the API server refuses it: "no matches for kind".',
  standards: ['cert-manager documentation, upgrading from 1.5 to 1.6'],
  fix: 'convert it with "cmctl convert", which also renames fields such as keyAlgorithm',
  bad: `
apiVersion: cert-manager.io/v1alpha2
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, keyAlgorithm: ecdsa, issuerRef: { name: ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, privateKey: { algorithm: ECDSA }, usages: [server auth], issuerRef: { name: ca } }
`,
  *check({ objects }) {
    for (const object of objects) {
      const removed = Object.hasOwn(REMOVED, object.apiVersion) ? REMOVED[object.apiVersion] : undefined;
      if (removed !== undefined) yield { object, path: ['apiVersion'], message: `${object.apiVersion} was removed in ${removed}` };
    }
  },
};
