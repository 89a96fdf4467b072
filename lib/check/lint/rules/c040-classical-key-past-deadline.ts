import type { Rule } from '../rule.js';

export const classicalKeyPastDeadline: Rule = {
  code: 'SMT-C040',
  name: 'classical-key-past-deadline',
  severity: 'note',
  persona: 'regular',
  summary: 'a certificate with a classical key is still valid when the profile wants post-quantum ones',
  why: 'an authority that is made today for ten years is what has to be replaced first; it is cheaper to plan the change than to meet it.',
  standards: ['BSI TR-02102-1 (2026-01) 5.3.5', 'CNSA 2.0 FAQ 2.1', 'NIST IR 8547'],
  fix: 'let it end before that day, and plan the change of the authority',
  example: { profile: 'bsi-tr-02102-2026', date: '2026-11-24' },
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop CA
  duration: 87600h
  secretName: shop-ca
  privateKey: { algorithm: ECDSA, size: 384, rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: cert-manager }
spec:
  isCA: true
  commonName: shop CA
  duration: 43800h
  secretName: shop-ca
  privateKey: { algorithm: ECDSA, size: 384, rotationPolicy: Never }
  issuerRef: { kind: ClusterIssuer, name: selfsigned }
`,
  *check({ certificates, settings: { profile, date } }) {
    const { classicalUntil, classicalRefused } = profile;
    const today = Date.parse(`${date}T00:00:00Z`);
    for (const { object, duration, key } of certificates) {
      const end = new Date(today + duration * 1000).toISOString().slice(0, 10);
      if (classicalRefused !== undefined)
        yield { object, path: ['spec'], message: `a key of ${key.algorithm} does not comply: ${classicalRefused}`, severity: 'warning' };
      else if (classicalUntil !== undefined && end > classicalUntil.date)
        yield { object, path: ['spec', 'duration'], message: `issued today it lives until ${end}: ${classicalUntil.text}` };
    }
  },
};
