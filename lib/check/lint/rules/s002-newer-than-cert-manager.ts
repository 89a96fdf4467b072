import { checkObject } from '../../schema/index.js';
import type { Rule } from '../rule.js';

export const newerThanCertManager: Rule = {
  code: 'SMT-S002',
  name: 'newer-than-cert-manager',
  severity: 'error',
  persona: 'regular',
  summary: 'a field is newer than the cert-manager in the cluster',
  why: 'an older CRD drops the field without a word, so that what it was for never happens, or the webhook refuses the object.',
  standards: ['cert-manager CRDs 1.18, 1.19, 1.20, 1.21'],
  fix: 'upgrade cert-manager and its CRDs first, or leave the field out',
  example: { certManager: '1.20' },
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: root, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop CA
  secretName: root
  renewal: { policy: Disabled }
  privateKey: { rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: root, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop CA
  secretName: root
  privateKey: { rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
`,
  *check({ objects, settings }) {
    if (settings.certManager >= NEWEST) return;
    for (const kind of ['Certificate', 'Issuer', 'ClusterIssuer'])
      for (const object of objects.ofKind(kind, 'cert-manager.io'))
        for (const { path, message } of checkObject(object, { certManager: settings.certManager }))
          if (/ needs cert-manager 1\.\d+$/.test(message))
            yield { object, path, message: `${message}, and 1.${settings.certManager} is used` };
  },
};

/** The newest minor version knows every field. */
const NEWEST = 21;
