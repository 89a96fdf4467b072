import type { Rule } from '../rule.js';
import { textAt } from '../values.js';
import { grants } from './_rbac.js';

export const requestPolicyNotBound: Rule = {
  code: 'SMT-M029',
  name: 'request-policy-not-bound',
  severity: 'warning',
  persona: 'regular',
  summary: 'nobody may use a CertificateRequestPolicy',
  why: 'approver-policy looks at policies that the requester may "use" by RBAC. Certificates are requested by cert-manager itself; without a binding to its ServiceAccount every request waits for ever.',
  standards: ['cert-manager documentation, approver-policy: "behavior"', 'approver-policy issues 216, 638'],
  fix: 'bind a ClusterRole with verb use, resource certificaterequestpolicies and this resourceName to the ServiceAccount of cert-manager',
  bad: `
apiVersion: policy.cert-manager.io/v1alpha1
kind: CertificateRequestPolicy
metadata: { name: orders }
spec: { allowed: { dnsNames: { values: [orders.shop.svc] } }, selector: { issuerRef: { name: shop-ca } } }
`,
  good: `
apiVersion: policy.cert-manager.io/v1alpha1
kind: CertificateRequestPolicy
metadata: { name: orders }
spec: { allowed: { dnsNames: { values: [orders.shop.svc] } }, selector: { issuerRef: { name: shop-ca } } }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: use-orders }
rules: [{ apiGroups: [policy.cert-manager.io], resources: [certificaterequestpolicies], resourceNames: [orders], verbs: [use] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: use-orders }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: use-orders }
subjects: [{ kind: ServiceAccount, name: cert-manager, namespace: cert-manager }]
`,
  *check(world) {
    const using = grants(world, 'policy.cert-manager.io', 'certificaterequestpolicies', 'use');
    const bindings = ['RoleBinding', 'ClusterRoleBinding'].flatMap(kind => world.objects.ofKind(kind, 'rbac.authorization.k8s.io'));
    const bound = new Set(bindings.map(binding => `${textAt(binding, 'roleRef', 'kind')} ${textAt(binding, 'roleRef', 'name')}`));
    for (const object of world.objects.ofKind('CertificateRequestPolicy', 'policy.cert-manager.io')) {
      const { name } = object.metadata;
      const usable = using.some(
        ({ role, names }) => (names.length === 0 || names.includes(name)) && bound.has(`${role.kind} ${role.metadata.name}`),
      );
      if (!usable) yield { object, path: ['metadata', 'name'], message: 'no role that is bound here allows to use this policy' };
    }
  },
};
