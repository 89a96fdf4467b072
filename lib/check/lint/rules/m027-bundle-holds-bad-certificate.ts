import type { Rule } from '../rule.js';
import { bundlesOf } from './_bundles.js';
import { certificatesIn } from './_pem.js';

export const bundleHoldsBadCertificate: Rule = {
  code: 'SMT-M027',
  name: 'bundle-holds-bad-certificate',
  severity: 'error',
  persona: 'regular',
  summary: 'a trust bundle holds an expired, unreadable, doubled or non-CA certificate',
  why: 'trust-manager filters none of them unless told to. An unreadable one stops the whole Bundle; Java refuses a store that holds one twice.',
  standards: ['RFC 5280 6.1.1 (d), 4.2.1.9', 'trust-manager documentation: --filter-expired-certificates'],
  fix: 'remove it from the source',
  example: { date: '2026-11-24' },
  bad: `
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources:
    - inLine: |
        -----BEGIN CERTIFICATE-----
        MIHpMIGcoAMCAQICAQEwBQYDK2VwMBQxEjAQBgNVBAMTCXNob3Agcm9vdDAeFw0x
        NTAxMDEwMDAwMDBaFw0yNTAxMDEwMDAwMDBaMBQxEjAQBgNVBAMTCXNob3Agcm9v
        dDAqMAUGAytlcAMhACpBgwX8oEFsgck3ijVDwGBW9B61WyZHCpcd35OTqWF/oxMw
        ETAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAD/M+zDZSxqN2kZwbt1rBmPQ/Lpz
        X8nRlPuynuZzrn5DG/sXcQEVmQCSxvURzh+oYsI5E/B2FWJPo/dv/sf5XQc=
        -----END CERTIFICATE-----
  target: { configMap: { key: ca.crt }, namespaceSelector: {} }
`,
  good: `
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources:
    - inLine: |
        -----BEGIN CERTIFICATE-----
        MIHpMIGcoAMCAQICAQEwBQYDK2VwMBQxEjAQBgNVBAMTCXNob3Agcm9vdDAeFw0y
        NjAxMDEwMDAwMDBaFw0zNjAxMDEwMDAwMDBaMBQxEjAQBgNVBAMTCXNob3Agcm9v
        dDAqMAUGAytlcAMhABhxxub15LyvlbTpCifn7ZKTwqVOAxgskS7cKH3B3KSOoxMw
        ETAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAM93FSp4QyLYssnh7YHwmYOk4j0e
        Soyswr98yw9z62VxPzPiEaC07ikrUFSp5zeCy3aATQ1WM3EfBEtg5k070gE=
        -----END CERTIFICATE-----
  target: { configMap: { key: ca.crt }, namespaceSelector: {} }
`,
  *check(world) {
    const today = Date.parse(`${world.settings.date}T00:00:00Z`);
    for (const { object, sources } of bundlesOf(world)) {
      const seen = new Set<string>();
      for (const { kind, inline, path } of sources) {
        if (kind !== 'inline') continue;
        const certificates = certificatesIn(inline);
        if (certificates.length === 0) yield { object, path, message: 'the inline source holds no certificate' };
        for (const { certificate, index } of certificates) {
          const which = `certificate ${index + 1} of the inline source`;
          if (!certificate) {
            yield { object, path, message: `${which} can't be read` };
            continue;
          }
          if (Date.parse(certificate.validTo) < today)
            yield { object, path, message: `${which} ended on ${new Date(certificate.validTo).toISOString().slice(0, 10)}` };
          if (!certificate.ca) yield { object, path, message: `${which} is no authority` };
          if (seen.has(certificate.fingerprint256)) yield { object, path, message: `${which} stands twice`, severity: 'warning' };
          seen.add(certificate.fingerprint256);
        }
      }
    }
  },
};
