import type { Rule } from '../rule.js';
import { textAt } from '../values.js';
import { isInternalName } from './_names.js';

export const acmeForInternalUse: Rule = {
  code: 'SMT-C020',
  name: 'acme-for-internal-use',
  severity: 'error',
  persona: 'regular',
  summary: 'a public authority is asked for an internal name or a client certificate',
  why: 'no public authority signs names that only exist inside of a cluster, what it signs is published in transparency logs, and since 2026 none puts "client auth" into a certificate: mutual TLS with it fails.',
  standards: ['CA/Browser Forum Baseline Requirements 7.1.2, 4.2.2', "Let's Encrypt: ending TLS client authentication (2026-02-11)"],
  fix: 'use an authority of your own for what speaks inside of the cluster',
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: letsencrypt }
spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: account } } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth, client auth]
  issuerRef: { kind: ClusterIssuer, name: letsencrypt }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: letsencrypt }
spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: account } } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.example.com]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { kind: ClusterIssuer, name: letsencrypt }
`,
  *check(world) {
    for (const certificate of world.certificates) {
      const { object, dnsNames, usages } = certificate;
      const issuer = world.issuerOf(certificate);
      if (issuer?.type !== 'acme' || !isPublicServer(textAt(issuer.config, 'server'))) continue;
      for (const [index, name] of dnsNames.entries())
        if (isInternalName(name))
          yield { object, path: ['spec', 'dnsNames', index], message: `no public authority signs the internal name "${name}"` };
      const client = usages?.indexOf('client auth') ?? -1;
      if (client >= 0)
        yield { object, path: ['spec', 'usages', client], message: 'no public authority signs client certificates any more' };
    }
  },
};

/** A private ACME server, as step-ca is one, signs what it likes. */
const isPublicServer = (server: string): boolean =>
  /^https:\/\/[^/]*(?:letsencrypt\.org|zerossl\.com|buypass\.(?:com|no)|sectigo\.com|digicert\.com|pki\.goog|ssl\.com)(?:[:/]|$)/.test(
    server,
  );
