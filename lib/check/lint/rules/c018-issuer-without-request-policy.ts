import type { Rule } from '../rule.js';
import { isSet, textAt } from '../values.js';

export const issuerWithoutRequestPolicy: Rule = {
  code: 'SMT-C018',
  name: 'issuer-without-request-policy',
  severity: 'warning',
  persona: 'regular',
  summary: 'nothing bounds which names an issuer signs, or no request policy takes its requests',
  why: 'without approver-policy everybody who may create a Certificate gets every name from a ClusterIssuer. With it, requests that no policy takes wait for ever.',
  standards: ['NIST SP 800-204B 4.2', 'cert-manager documentation, approver-policy: "behavior"'],
  fix: 'write a CertificateRequestPolicy whose selector takes this issuer',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: shop-ca }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: policy.cert-manager.io/v1alpha1
kind: CertificateRequestPolicy
metadata: { name: orders }
spec:
  allowed: { dnsNames: { values: [orders.shop.svc] } }
  selector: { issuerRef: { kind: ClusterIssuer, name: other-ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: shop-ca }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: policy.cert-manager.io/v1alpha1
kind: CertificateRequestPolicy
metadata: { name: orders }
spec:
  allowed: { dnsNames: { values: [orders.shop.svc] } }
  selector: { issuerRef: { kind: ClusterIssuer, name: shop-* } }
`,
  *check({ objects, issuers }) {
    const policies = objects.ofKind('CertificateRequestPolicy', 'policy.cert-manager.io');
    for (const { object, kind, name } of issuers) {
      if (policies.length === 0) {
        if (kind === 'ClusterIssuer' && !isSet(object, 'spec', 'selfSigned'))
          yield {
            object,
            path: ['spec'],
            message: 'no CertificateRequestPolicy bounds what this issuer signs',
            severity: 'note',
            persona: 'auditor',
          };
        continue;
      }
      const taken = policies.some(
        policy =>
          matches(textAt(policy, 'spec', 'selector', 'issuerRef', 'name'), name) &&
          matches(textAt(policy, 'spec', 'selector', 'issuerRef', 'kind'), kind) &&
          matches(textAt(policy, 'spec', 'selector', 'issuerRef', 'group'), 'cert-manager.io'),
      );
      if (!taken) yield { object, path: ['metadata', 'name'], message: 'no CertificateRequestPolicy takes requests to this issuer' };
    }
  },
};

/** approver-policy's wildcards; a field left out takes everything. */
function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return pattern === '' || new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}
