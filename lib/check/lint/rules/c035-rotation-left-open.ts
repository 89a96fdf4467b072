import type { Rule } from '../rule.js';
import { groupBy } from '../values.js';
import { bundlesOf } from './_bundles.js';
import { certificatesIn } from './_pem.js';

/** A rotation of everything takes days; after a quarter it was forgotten. */
const DAYS = 90;

export const rotationLeftOpen: Rule = {
  code: 'SMT-C035',
  name: 'rotation-left-open',
  severity: 'warning',
  persona: 'regular',
  summary: 'a trust bundle still holds the root that was replaced long ago',
  why: 'the old key stays able to sign for every service until its root leaves the bundle, which is what the rotation was for.',
  standards: ['trust-manager documentation: "rotating roots", last step', 'NIST SP 800-57 part 1 r5 5.3.6'],
  fix: 'see that no live certificate chains to the old root, then remove it',
  example: { date: '2026-11-24' },
  bad: `
apiVersion: trust.cert-manager.io/v1alpha1
kind: Bundle
metadata: { name: shop }
spec:
  sources:
    - inLine: |
        -----BEGIN CERTIFICATE-----
        MIHpMIGcoAMCAQICAQEwBQYDK2VwMBQxEjAQBgNVBAMTCXNob3Agcm9vdDAeFw0y
        MDAxMDEwMDAwMDBaFw0zMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMTCXNob3Agcm9v
        dDAqMAUGAytlcAMhAAFyf28xx8qnfjn/XTwqq48tyS1UI5/1ohSbzmccl316oxMw
        ETAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAAewu7twh4kKweTM0+alE+hcgJb4
        xWD666NYchNXq8ACOknnfp7QX9Ya9/mYCNB+5WCBMfr1PRT6XTygihT2/Qw=
        -----END CERTIFICATE-----
        -----BEGIN CERTIFICATE-----
        MIHpMIGcoAMCAQICAQEwBQYDK2VwMBQxEjAQBgNVBAMTCXNob3Agcm9vdDAeFw0y
        NjAxMDEwMDAwMDBaFw0zNjAxMDEwMDAwMDBaMBQxEjAQBgNVBAMTCXNob3Agcm9v
        dDAqMAUGAytlcAMhABhxxub15LyvlbTpCifn7ZKTwqVOAxgskS7cKH3B3KSOoxMw
        ETAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAM93FSp4QyLYssnh7YHwmYOk4j0e
        Soyswr98yw9z62VxPzPiEaC07ikrUFSp5zeCy3aATQ1WM3EfBEtg5k070gE=
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
        MDAxMDEwMDAwMDBaFw0zMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMTCXNob3Agcm9v
        dDAqMAUGAytlcAMhAAFyf28xx8qnfjn/XTwqq48tyS1UI5/1ohSbzmccl316oxMw
        ETAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAAewu7twh4kKweTM0+alE+hcgJb4
        xWD666NYchNXq8ACOknnfp7QX9Ya9/mYCNB+5WCBMfr1PRT6XTygihT2/Qw=
        -----END CERTIFICATE-----
        -----BEGIN CERTIFICATE-----
        MIHpMIGcoAMCAQICAQEwBQYDK2VwMBQxEjAQBgNVBAMTCXNob3Agcm9vdDAeFw0y
        NjExMDEwMDAwMDBaFw0zNjExMDEwMDAwMDBaMBQxEjAQBgNVBAMTCXNob3Agcm9v
        dDAqMAUGAytlcAMhAO9/g8R/IQqocLsbjLBRBrqqeVZ5NGjJyp99kMUK7JcPoxMw
        ETAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAPEMieZ0wRhBm8+1AD2AiHnXJmZY
        JtGJ2rtB1yGQCL+f2J7C3Vb8OmQR9/QbBIgWDRyHIBC3Uf5LGGIPGFsUlgQ=
        -----END CERTIFICATE-----
  target: { configMap: { key: ca.crt }, namespaceSelector: {} }
`,
  *check(world) {
    const today = Date.parse(`${world.settings.date}T00:00:00Z`);
    for (const { object, sources } of bundlesOf(world)) {
      const roots = sources.flatMap(({ inline, path }) =>
        certificatesIn(inline).flatMap(({ certificate }) => (certificate ? [{ certificate, path }] : [])),
      );
      for (const group of groupBy(roots, ({ certificate }) => certificate.subject).values()) {
        const newest = Math.max(...group.map(({ certificate }) => Date.parse(certificate.validFrom)));
        const older = group.find(({ certificate }) => Date.parse(certificate.validFrom) < newest);
        const days = Math.floor((today - newest) / 86_400_000);
        if (older && days > DAYS)
          yield {
            object,
            path: older.path,
            message: `holds an older root ${days} days after its successor "${older.certificate.subject.replaceAll('\n', ', ')}" became valid`,
          };
      }
    }
  },
};
