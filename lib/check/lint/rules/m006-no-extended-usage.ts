import type { Rule } from '../rule.js';

export const noExtendedUsage: Rule = {
  code: 'SMT-M006',
  name: 'no-extended-usage',
  severity: 'note',
  persona: 'pedantic',
  summary: 'a leaf says nothing about what it may be used for',
  why: 'without usages cert-manager asks for digital signature and key encipherment and no extended usage: clients that insist on "server auth" refuse it, all others let it be used for everything.',
  standards: ['RFC 5280 4.2.1.12', 'cert-manager pkg/apis/certmanager/v1: DefaultKeyUsages'],
  fix: 'list usages: "server auth" for what listens, "client auth" for what calls',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, issuerRef: { name: ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [digital signature, server auth], issuerRef: { name: ca } }
`,
  *check({ certificates }) {
    const extended = new Set([
      'server auth',
      'client auth',
      'any',
      'code signing',
      'email protection',
      's/mime',
      'timestamping',
      'ocsp signing',
    ]);
    for (const { object, isCA, usages } of certificates)
      if (!isCA && !usages?.some(usage => extended.has(usage)))
        yield { object, path: usages === undefined ? ['spec'] : ['spec', 'usages'], message: 'a leaf without an extended usage' };
  },
};
