import type { FieldPath } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { listAt, mapAt, textAt } from '../values.js';

export const csiAttributes: Rule = {
  code: 'SMT-M035',
  name: 'csi-attributes',
  severity: 'error',
  persona: 'regular',
  summary: 'a volume of the cert-manager CSI driver asks for what it can never get',
  why: 'the mount fails and the pod stays in ContainerCreating; the reason is only in the log of the node.',
  standards: ['cert-manager documentation, csi-driver: "supported volume attributes"'],
  fix: 'name an issuer that signs requests of others, and use PKCS8 with ECDSA and Ed25519 keys',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes:
    - name: tls
      csi:
        driver: csi.cert-manager.io
        readOnly: true
        volumeAttributes:
          csi.cert-manager.io/issuer-name: shop-ca
          csi.cert-manager.io/key-algorithm: ECDSA
          csi.cert-manager.io/key-encoding: PKCS1
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes:
    - name: tls
      csi:
        driver: csi.cert-manager.io
        readOnly: true
        volumeAttributes:
          csi.cert-manager.io/issuer-name: shop-ca
          csi.cert-manager.io/key-algorithm: ECDSA
          csi.cert-manager.io/key-encoding: PKCS8
`,
  *check({ workloads, issuers }) {
    for (const { object, pod, podPath, namespace } of workloads)
      for (const [index, volume] of listAt(pod, 'volumes').entries()) {
        if (textAt(volume, 'csi', 'driver') !== 'csi.cert-manager.io') continue;
        const path = [...podPath, 'volumes', index, 'csi'];
        const attribute = (name: string): string => textAt(volume, 'csi', 'volumeAttributes', `csi.cert-manager.io/${name}`);
        const at = (name: string): FieldPath => [...path, 'volumeAttributes', `csi.cert-manager.io/${name}`];
        if (mapAt(volume, 'csi').readOnly !== true) yield { object, path, message: 'the volume is not readOnly: true' };
        if (attribute('issuer-name') === '') yield { object, path, message: 'no attribute issuer-name' };
        if (['ECDSA', 'Ed25519'].includes(attribute('key-algorithm')) && attribute('key-encoding') === 'PKCS1')
          yield { object, path: at('key-encoding'), message: `a key of ${attribute('key-algorithm')} can't be encoded as PKCS1` };
        const kind = attribute('issuer-kind') || 'Issuer';
        const issuer = issuers.find(
          each => each.kind === kind && each.name === attribute('issuer-name') && (each.namespace ?? namespace) === namespace,
        );
        if (issuer?.type === 'selfSigned')
          yield {
            object,
            path: at('issuer-name'),
            message: 'a self-signed issuer needs the key in a Secret, which the CSI driver has not',
          };
      }
  },
};
