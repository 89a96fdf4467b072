import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const keyNeverRotates: Rule = {
  code: 'SMT-C007',
  name: 'key-never-rotates',
  severity: 'warning',
  persona: 'regular',
  summary: 'a renewed certificate keeps its key, or an authority does not say whether it does',
  why: 'a leaf that keeps its key makes a theft last for ever. An authority that says nothing gets a new key at each renewal since cert-manager 1.18, and every leaf below it is refused at once unless both roots are trusted.',
  standards: ['NIST SP 800-57 part 1 r5 5.3.6', 'cert-manager documentation, Certificate: rotationPolicy', 'cert-manager issue 9076'],
  fix: 'leaves: rotationPolicy Always; authorities: write down either Never (the key stays) or Always (with an overlap of both roots in the bundle)',
  fixable: true,
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  privateKey:
    rotationPolicy: Never
  usages: [server auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  privateKey:
    rotationPolicy: Always
  usages: [server auth]
  issuerRef: { name: ca }
`,
  *check({ certificates }) {
    for (const { object, isCA, spec } of certificates) {
      const policy = textAt(spec, 'privateKey', 'rotationPolicy');
      const path = ['spec', 'privateKey', 'rotationPolicy'];
      if (policy === 'Never' && !isCA)
        yield { object, path, message: 'the key stays the same at every renewal', edits: [{ kind: 'replace', path, value: 'Always' }] };
      else if (policy === 'Never')
        yield { object, path, message: "the authority's key stays the same at every renewal", severity: 'note', persona: 'auditor' };
      else if (policy === '' && isCA)
        yield { object, path, message: 'an authority without rotationPolicy: since cert-manager 1.18 it gets a new key at each renewal' };
    }
  },
};
