import type { Rule } from '../rule.js';
import { isSet, mapAt, numberAt } from '../values.js';

/** Read bits of others. */
const OTHERS = 0o007;

export const keyReadableByOthers: Rule = {
  code: 'SMT-C023',
  name: 'key-readable-by-others',
  severity: 'warning',
  persona: 'regular',
  summary: 'the file of a private key can be read by every user of the pod, or not by the one who needs it',
  why: "Kubernetes' default mode is 0644: any process of the pod, also one that was broken into under another user, reads the key. With 0400 and no fsGroup a process that is not root can't read it at all.",
  standards: ['CIS Kubernetes Benchmark 1.12, 5.4.1', 'NIST SP 800-190 4.5.1'],
  fix: 'set defaultMode: 0440 on the volume and securityContext.fsGroup on the pod',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0444 } }]
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  securityContext: { runAsNonRoot: true, fsGroup: 65532 }
  containers: [{ name: a, image: orders:1 }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0440 } }]
`,
  *check(world) {
    for (const workload of world.workloads) {
      const { object, pod } = workload;
      for (const { source } of world.certificateVolumes(workload)) {
        const { defaultMode, modePath, path, name } = source;
        if (defaultMode === undefined)
          yield { object, path, message: `the key of Secret ${name} has the default mode 0644`, severity: 'note', persona: 'pedantic' };
        else if ((defaultMode & OTHERS) !== 0)
          yield { object, path: modePath, message: `the key of Secret ${name} has mode 0${defaultMode.toString(8)}: others may read it` };
        else if (!isSet(pod, 'securityContext', 'fsGroup') && runsAsOther(pod))
          yield {
            object,
            path: modePath,
            message: `mode 0${defaultMode.toString(8)} without fsGroup: the process is not root and can't read the key`,
          };
      }
    }
  },
};

function runsAsOther(pod: unknown): boolean {
  const user = numberAt(pod, 'securityContext', 'runAsUser');
  return mapAt(pod, 'securityContext').runAsNonRoot === true || (user !== undefined && user !== 0);
}
