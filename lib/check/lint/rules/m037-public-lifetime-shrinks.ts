import { parseDuration } from '../../../pki/index.js';
import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

/** Let's Encrypt's profile classic: days of life from each day on (announcement of 2025-12-02). */
const LIFETIMES: readonly (readonly [string, number])[] = [
  ['2028-02-16', 45],
  ['2027-02-10', 64],
  ['0000-00-00', 90],
];

export const publicLifetimeShrinks: Rule = {
  code: 'SMT-M037',
  name: 'public-lifetime-shrinks',
  severity: 'note',
  persona: 'regular',
  summary: 'renewBefore is fixed although the lives of public certificates shrink',
  why: "Let's Encrypt goes from 90 to 64 days on 2027-02-10 and to 45 on 2028-02-16. A renewBefore that is most of the new life makes a renewal every few days and runs into rate limits.",
  standards: ['CA/Browser Forum ballot SC-081v3', "Let's Encrypt: from 90 to 45 days (2025-12-02)"],
  fix: 'use renewBeforePercentage: 33 in its place',
  example: { date: '2026-11-24' },
  bad: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: letsencrypt }
spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: account } } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop, namespace: shop }
spec: { dnsNames: [shop.example.com], renewBefore: 720h, secretName: shop, usages: [server auth], issuerRef: { kind: ClusterIssuer, name: letsencrypt } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: { name: letsencrypt }
spec: { acme: { server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: account } } }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: shop, namespace: shop }
spec: { dnsNames: [shop.example.com], renewBeforePercentage: 33, secretName: shop, usages: [server auth], issuerRef: { kind: ClusterIssuer, name: letsencrypt } }
`,
  *check(world) {
    const { date } = world.settings;
    const now = LIFETIMES.find(([from]) => date >= from)?.[1] ?? 90;
    for (const certificate of world.certificates) {
      const issuer = world.issuerOf(certificate);
      const before = parseDuration(textAt(certificate.spec, 'renewBefore'));
      if (issuer?.type !== 'acme' || before === undefined || !/letsencrypt\.org/.test(textAt(issuer.config, 'server'))) continue;
      const days = before / 86_400;
      const shortest = LIFETIMES[0]?.[1] ?? now;
      if (days > shortest / 2)
        yield {
          object: certificate.object,
          path: ['spec', 'renewBefore'],
          message: `renews ${days} days before the end of a life of ${now} days today and of ${shortest} from 2028`,
          ...(days > (now * 2) / 3 ? { severity: 'warning' as const } : {}),
        };
    }
  },
};
