import type { Rule } from '../rule.js';
import { isSet, listAt, textAt } from '../values.js';

/** Beta in 1.35 and off by default there; alpha in 1.34. Before, the API server drops the field without a word. */
const FIRST = 34;

export const podCertificateTooNew: Rule = {
  code: 'SMT-C038',
  name: 'pod-certificate-too-new',
  severity: 'error',
  persona: 'regular',
  summary: 'a pod wants a certificate from the kubelet, and the kubelet may not know how',
  why: 'an older kubelet or API server drops the field: the pod starts without certificate and key, or never starts.',
  standards: ['Kubernetes KEP-4317 Pod Certificates'],
  fix: 'raise all nodes to Kubernetes 1.35 with the feature gate PodCertificateRequest, or use a Certificate of cert-manager',
  bad: `
apiVersion: v1
kind: Node
metadata: { name: old }
status: { nodeInfo: { kubeletVersion: v1.33.4 } }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes:
    - name: tls
      projected: { sources: [{ podCertificate: { signerName: shop.example/fleet, keyType: ECDSAP256, credentialBundlePath: tls.pem } }] }
`,
  good: `
apiVersion: v1
kind: Node
metadata: { name: new }
status: { nodeInfo: { kubeletVersion: v1.35.1 } }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes:
    - name: tls
      projected: { sources: [{ podCertificate: { signerName: shop.example/fleet, keyType: ECDSAP256, credentialBundlePath: tls.pem } }] }
`,
  *check({ objects, workloads, settings }) {
    const nodes = objects.ofKind('Node', '').flatMap(node => {
      const minor = /^v?1\.(\d+)/.exec(textAt(node, 'status', 'nodeInfo', 'kubeletVersion'))?.[1];
      return minor === undefined ? [] : [Number(minor)];
    });
    const oldest = Math.min(settings.kubernetes ?? Number.POSITIVE_INFINITY, ...nodes);
    if (oldest >= FIRST) return;
    for (const { object, pod, podPath } of workloads)
      for (const [volume, value] of listAt(pod, 'volumes').entries())
        for (const [index, source] of listAt(value, 'projected', 'sources').entries())
          if (isSet(source, 'podCertificate'))
            yield {
              object,
              path: [...podPath, 'volumes', volume, 'projected', 'sources', index, 'podCertificate'],
              message: `a pod certificate needs Kubernetes 1.${FIRST}, and there is 1.${oldest}`,
            };
  },
};
