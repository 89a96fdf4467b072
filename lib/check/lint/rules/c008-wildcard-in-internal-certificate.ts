import type { Rule } from '../rule.js';
import { isInternalName } from './_names.js';

export const wildcardInInternalCertificate: Rule = {
  code: 'SMT-C008',
  name: 'wildcard-in-internal-certificate',
  severity: 'warning',
  persona: 'regular',
  summary: 'a certificate of a service stands for every name of a domain',
  why: 'a service that holds it can play any other one in that domain: mutual TLS then proves membership, not identity.',
  standards: ['RFC 6125 7.2', 'NIST SP 800-204A 4.2'],
  fix: 'list the names of the one Service that presents it',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: ['*.shop.svc.cluster.local']
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc.cluster.local]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
`,
  *check({ certificates }) {
    for (const { object, dnsNames, usages } of certificates)
      for (const [index, name] of dnsNames.entries())
        if (name.startsWith('*.') && (isInternalName(name) || usages?.includes('client auth')) && !ofReplicas(name, dnsNames))
          yield { object, path: ['spec', 'dnsNames', index], message: `"${name}" stands for every name of that domain` };
  },
};

/** The pods of a StatefulSet are `<pod>.<service>.<namespace>.svc`: a wildcard below the service's own name is one service still. */
const ofReplicas = (name: string, names: readonly string[]): boolean => names.includes(name.slice(2));
