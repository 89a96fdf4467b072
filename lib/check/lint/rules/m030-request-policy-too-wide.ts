import type { KubernetesObject } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { listAt, mapAt, textAt, textsAt } from '../values.js';

export const requestPolicyTooWide: Rule = {
  code: 'SMT-M030',
  name: 'request-policy-too-wide',
  severity: 'warning',
  persona: 'regular',
  summary: 'a request policy allows every name, or authorities',
  why: 'whoever may use the policy then gets the identity of every service.',
  standards: ['NIST SP 800-204B 4.2', 'cert-manager documentation, approver-policy: "allowed"'],
  fix: 'list the names, or bind them to the requester by a validation such as self.startsWith("spiffe://td/ns/" + cr.namespace)',
  bad: `
apiVersion: policy.cert-manager.io/v1alpha1
kind: CertificateRequestPolicy
metadata: { name: everything }
spec: { allowed: { dnsNames: { values: ['*'] } }, selector: { issuerRef: {} } }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: use }
rules: [{ apiGroups: [policy.cert-manager.io], resources: [certificaterequestpolicies], verbs: [use] }]
`,
  good: `
apiVersion: policy.cert-manager.io/v1alpha1
kind: CertificateRequestPolicy
metadata: { name: orders }
spec: { allowed: { dnsNames: { values: [orders.shop.svc] } }, selector: { issuerRef: { name: shop-ca } } }
`,
  *check({ objects }) {
    for (const object of objects.ofKind('CertificateRequestPolicy', 'policy.cert-manager.io')) {
      // Issuers of a namespace sign for their own trust domain: whoever owns the namespace bounds them
      const own = textAt(object, 'spec', 'selector', 'issuerRef', 'kind') === 'Issuer';
      const less = own ? { severity: 'note' as const, persona: 'auditor' as const } : {};
      for (const field of ['dnsNames', 'uris', 'ipAddresses', 'emailAddresses']) {
        const index = textsAt(object, 'spec', 'allowed', field, 'values').indexOf('*');
        if (index >= 0 && listAt(object, 'spec', 'allowed', field, 'validations').length === 0)
          yield { object, path: ['spec', 'allowed', field, 'values', index], message: `allows every name under ${field}`, ...less };
      }
      if (mapAt(object, 'spec', 'allowed').isCA === true && isWide(object))
        yield { object, path: ['spec', 'allowed', 'isCA'], message: 'allows authorities of any name', ...less };
    }
  },
};

const isWide = (object: KubernetesObject): boolean => ['', '*'].includes(textAt(object, 'spec', 'allowed', 'commonName', 'value'));
