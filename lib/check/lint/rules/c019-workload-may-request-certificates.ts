import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { groupBy } from '../values.js';
import { boundAccounts, grants } from './_rbac.js';

export const workloadMayRequestCertificates: Rule = {
  code: 'SMT-C019',
  name: 'workload-may-request-certificates',
  severity: 'warning',
  persona: 'regular',
  summary: 'the ServiceAccount of a workload may create CertificateRequests',
  why: 'whoever takes over the pod can ask every issuer of the cluster for every name that it signs.',
  standards: ['OWASP Kubernetes Top 10 2025 K02', 'cert-manager documentation, approval: "requests by users"'],
  fix: 'let Certificates be written at deployment, and take the verb create on certificaterequests away',
  bad: `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: orders, namespace: shop }
rules: [{ apiGroups: [cert-manager.io], resources: [certificaterequests], verbs: [create, get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: orders, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: orders }
subjects: [{ kind: ServiceAccount, name: orders, namespace: shop }]
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec: { serviceAccountName: orders, containers: [{ name: a, image: orders:1 }] }
`,
  good: `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: orders, namespace: shop }
rules: [{ apiGroups: [cert-manager.io], resources: [certificaterequests], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: orders, namespace: shop }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: orders }
subjects: [{ kind: ServiceAccount, name: orders, namespace: shop }]
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec: { serviceAccountName: orders, containers: [{ name: a, image: orders:1 }] }
`,
  *check(world) {
    const creating = grants(world, 'cert-manager.io', 'certificaterequests', 'create');
    if (creating.length === 0) return;
    const users = groupBy(world.workloads, ({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`);
    // whoever writes the status of requests is an issuer or an approver, and makes requests for others
    const controllers = new Set(
      grants(world, 'cert-manager.io', 'certificaterequests/status', 'update').flatMap(({ role }) =>
        boundAccounts(world, role).map(({ account }) => account),
      ),
    );
    for (const { role, path, groups } of creating) {
      // cluster-admin and its like are no matter of certificates
      if (groups.includes('*')) continue;
      for (const { account, binding } of boundAccounts(world, role)) {
        const [workload] = users.get(account) ?? [];
        if (workload && !controllers.has(account))
          yield {
            object: role,
            path,
            message: `${objectName(workload.object)} may create CertificateRequests as ServiceAccount ${account}`,
            related: [{ object: binding, path: ['subjects'], text: 'bound here' }],
            // a job lives for moments: that of cert-manager's own chart asks whether the API answers
            ...(workload.object.kind === 'Job' ? { severity: 'note' as const, persona: 'auditor' as const } : {}),
          };
      }
    }
  },
};
