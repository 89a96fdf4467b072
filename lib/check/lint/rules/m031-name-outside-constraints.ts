import type { Rule } from '../rule.js';
import { isSet, textsAt } from '../values.js';

export const nameOutsideConstraints: Rule = {
  code: 'SMT-M031',
  name: 'name-outside-constraints',
  severity: 'error',
  persona: 'regular',
  summary: 'a certificate has a name that its authority may not sign',
  why: 'cert-manager signs it all the same, and every client that knows name constraints refuses the chain.',
  standards: ['RFC 5280 4.2.1.10', 'cert-manager documentation, Certificate: nameConstraints are not checked at issuance'],
  fix: 'widen nameConstraints.permitted of the authority, or choose another name',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: shop }
spec:
  isCA: true
  commonName: shop CA
  duration: 43800h
  renewBefore: 8760h
  secretName: shop-ca
  nameConstraints: { critical: true, permitted: { dnsDomains: [shop.svc] } }
  privateKey: { rotationPolicy: Never }
  issuerRef: { name: selfsigned }
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: shop-ca, namespace: shop }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.web.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: shop-ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop-ca, namespace: shop }
spec:
  isCA: true
  commonName: shop CA
  duration: 43800h
  renewBefore: 8760h
  secretName: shop-ca
  nameConstraints: { critical: true, permitted: { dnsDomains: [shop.svc] } }
  privateKey: { rotationPolicy: Never }
  issuerRef: { name: selfsigned }
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: { name: shop-ca, namespace: shop }
spec: { ca: { secretName: shop-ca } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: shop-ca } }
`,
  *check(world) {
    for (const certificate of world.certificates) {
      const issuer = world.issuerOf(certificate);
      const authority = issuer && world.authorityOf(issuer);
      if (!authority || authority === certificate || !isSet(authority.spec, 'nameConstraints')) continue;
      const related = [{ object: authority.object, path: ['spec', 'nameConstraints'], text: 'the constraints' }];
      for (const [field, kind, names, hostOf] of [
        ['dnsNames', 'dnsDomains', certificate.dnsNames, (name: string) => name],
        ['uris', 'uriDomains', certificate.uris, (uri: string) => (URL.canParse(uri) ? new URL(uri).host : '')],
      ] as const) {
        const permitted = textsAt(authority.spec, 'nameConstraints', 'permitted', kind);
        const excluded = textsAt(authority.spec, 'nameConstraints', 'excluded', kind);
        for (const [index, name] of names.entries()) {
          const host = hostOf(name);
          if ((permitted.length > 0 && !permitted.some(domain => within(host, domain))) || excluded.some(domain => within(host, domain)))
            yield { object: certificate.object, path: ['spec', field, index], message: `the authority may not sign "${name}"`, related };
        }
      }
    }
  },
};

/** RFC 5280 4.2.1.10: a DNS domain takes itself and everything below; with a leading dot, only what is below. */
function within(host: string, domain: string): boolean {
  const bare = domain.replace(/^\./, '').toLowerCase();
  const name = host.replace(/^\*\./, '').toLowerCase();
  return name.endsWith(`.${bare}`) || (name === bare && !domain.startsWith('.')) || (host.startsWith('*.') && name === bare);
}
