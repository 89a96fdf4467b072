import { durationText, textAt } from '../../_values.js';
import { condition, notAfter, notBefore } from '../../state/index.js';
import { byRule } from '../_by-rule.js';
import { at, ofKind, renewCommand } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const section = 'certificates' as const;
const needs = [NEEDS.certificates];
const withSecrets = [NEEDS.certificates, NEEDS.secrets];

/** A check on names and fields of a Certificate, which a rule of the linter has. */
const named = (code: string, name: string, title: string, why: string, next: string, ...rules: readonly [string, ...string[]]): Check =>
  byRule({ code, name, section, level: 'error', title, why, next, needs }, ...rules);

export const CERTIFICATES: readonly Check[] = [
  {
    code: 'SMT-D042',
    name: 'common-name-too-long',
    section,
    level: 'error',
    title: 'common names have 64 bytes at most',
    why: 'it is never issued: X.509 allows no more, and the webhook counts bytes.',
    next: 'leave out commonName; the DNS names are what counts',
    needs,
    *find({ certificates }) {
      for (const { object, commonName } of certificates) {
        const bytes = Buffer.byteLength(commonName);
        // 64: RFC 5280 ub-common-name
        if (bytes > 64) yield at(object, `its common name has ${bytes} bytes`);
      }
    },
  },
  named(
    'SMT-D043',
    'common-name-only',
    'no leaf has a common name alone',
    'clients of today do not look at it.',
    'add dnsNames',
    'SMT-M004',
  ),
  named(
    'SMT-D044',
    'malformed-dns-name',
    'DNS names are DNS names',
    'the request fails, or nobody ever matches it.',
    'write the name alone, without scheme, port or spaces',
    'SMT-M001',
  ),
  named(
    'SMT-D045',
    'common-name-not-in-names',
    'common names of ACME certificates are among their names',
    'the Order is never made.',
    'add it to dnsNames',
    'SMT-M003',
  ),
  named(
    'SMT-D047',
    'secret-written-twice',
    'each Secret has one Certificate',
    'one of the two stays unissued without a word.',
    'give each a Secret of its own',
    'SMT-C012',
  ),
  {
    code: 'SMT-D048',
    name: 'secret-written-by-others',
    section,
    level: 'warning',
    title: 'cert-manager alone writes the Secrets of Certificates',
    why: 'both write it in turn, without pause; workloads get now one certificate and now the other.',
    next: 'stop the other writer: kubectl get secret NAME -o yaml --show-managed-fields',
    needs: withSecrets,
    *find(living) {
      for (const { object, namespace, secretName } of living.certificates) {
        const others = (living.secret(namespace, secretName)?.writers ?? []).filter(writer => !writer.startsWith('cert-manager'));
        if (others.length > 0) yield at(object, `values of Secret ${secretName} belong to ${others.join(', ')}`);
      }
    },
  },
  {
    code: 'SMT-D049',
    name: 'renewal-storm',
    section,
    level: 'error',
    title: 'certificates are used for a while before they are renewed',
    why: 'the issuer gives shorter lives than asked for, and the certificate is renewed again and again.',
    next: 'use renewBeforePercentage, or a renewBefore that fits the life that the issuer gives',
    needs: withSecrets,
    *find(living) {
      for (const { object, namespace, secretName, spec } of living.certificates) {
        const secret = living.secret(namespace, secretName);
        const [leaf] = secret === undefined ? [] : living.chain(secret).certificates;
        const renewal = Date.parse(textAt(object, 'status', 'renewalTime'));
        if (leaf === undefined || Number.isNaN(renewal) || textAt(spec, 'renewBefore') === '') continue;
        const life = notAfter(leaf) - notBefore(leaf);
        const used = renewal - notBefore(leaf);
        // a tenth of the life: what is renewed earlier is hardly used
        if (used < life / 10)
          yield at(object, `it lives ${durationText(life / 1000)} and is renewed after ${durationText(Math.max(0, used) / 1000)}`);
      }
    },
  },
  {
    code: 'SMT-D050',
    name: 'issued-invalid',
    section,
    level: 'error',
    title: 'issuers give valid certificates',
    why: 'an issuer that returns what has ended already makes cert-manager up to 1.20 ask again without end.',
    next: 'look at the issuer’s own clock and cache',
    needs,
    *find({ certificates }) {
      for (const { object } of certificates)
        for (const type of ['Ready', 'Issuing']) {
          const found = condition(object, type);
          if (found?.reason === 'InvalidCertificate') yield at(object, found.message);
        }
    },
  },
  {
    code: 'SMT-D051',
    name: 'expired',
    section,
    level: 'error',
    title: 'certificates in Secrets have not ended',
    why: 'every handshake with them fails. Ready may still be True: cert-manager looks when something happens.',
    next: 'sentinel-mtls renew; then look at issuer and controller',
    needs: withSecrets,
    *find(living) {
      yield* ofKind(living, 'expired', renewCommand);
    },
  },
  {
    code: 'SMT-D052',
    name: 'renewal-overdue',
    section,
    level: 'error',
    title: 'no renewal is overdue',
    why: 'the certificate will end, and nobody has noticed yet.',
    next: 'kubectl describe the Certificate and its newest CertificateRequest',
    needs,
    *find(living) {
      yield* ofKind(living, 'overdue', renewCommand);
    },
  },
  byRule(
    {
      code: 'SMT-D053',
      name: 'renewal-disabled',
      section,
      level: 'warning',
      title: 'every certificate is renewed',
      why: 'it ends on its day, unless somebody thinks of it.',
      next: 'set renewal.policy: RenewBefore, or an alert',
      needs,
    },
    'SMT-M034',
  ),
  {
    code: 'SMT-D054',
    name: 'differs-from-spec',
    section,
    level: 'error',
    title: 'certificates are what was asked for',
    why: 'names, usages or key that the issuer left out are missed at the handshake; Ready stays True.',
    next: 'compare with what the issuer allows: role of Vault, profile of the ACME server; sentinel-mtls renew where the spec has changed',
    needs: withSecrets,
    *find(living) {
      yield* ofKind(living, 'differs-from-spec', renewCommand);
    },
  },
  {
    code: 'SMT-D055',
    name: 'authority-changed',
    section,
    level: 'error',
    title: 'certificates are signed by the authority that their issuer has now',
    why: 'nothing issues leaves anew when an authority changes: whoever trusts the new root alone refuses them.',
    next: 'have both roots in the bundle, then sentinel-mtls renew --issuer NAME --wait',
    needs: [...withSecrets, NEEDS.issuers, NEEDS.clusterIssuers],
    *find(living) {
      yield* ofKind(
        living,
        'authority-changed',
        ({ issuerRef }) => `sentinel-mtls renew --issuer ${issuerRef.name} --wait, with both roots in the bundle`,
      );
    },
  },
  {
    code: 'SMT-D070',
    name: 'orphan-secret',
    section,
    level: 'warning',
    title: 'every Secret of cert-manager has its Certificate',
    why: 'nobody renews it; workloads that mount it fail on its last day.',
    next: 'restore the Certificate, or delete the Secret once nobody mounts it',
    needs: withSecrets,
    *find(living) {
      if (living.snapshot.header.namespaces.length > 0) return;
      const known = new Set(living.certificates.map(({ namespace, object }) => `${namespace}/${object.metadata.name}`));
      for (const secret of living.objects.ofKind('Secret', '')) {
        const owner = secret.metadata.annotations?.['cert-manager.io/certificate-name'];
        const namespace = secret.metadata.namespace ?? '';
        if (owner === undefined || known.has(`${namespace}/${owner}`)) continue;
        const mounted = living.mounts(namespace, secret.metadata.name).map(({ workload }) => workload);
        yield at(secret, `its Certificate ${owner} is not there${mounted.length > 0 ? `, and ${mounted.join(', ')} mounts it` : ''}`);
      }
    },
  },
  {
    code: 'SMT-D104',
    name: 'not-ready',
    section,
    level: 'error',
    title: 'Certificates are ready',
    why: 'what was asked for is not what is in the Secret.',
    next: 'kubectl describe the Certificate; its events have the cause',
    needs,
    *find(living) {
      yield* ofKind(living, 'not-ready', ({ object, namespace }) => `kubectl describe certificate ${object.metadata.name} -n ${namespace}`);
    },
  },
  {
    code: 'SMT-D105',
    name: 'secret-broken',
    section,
    level: 'error',
    title: 'Secrets hold a certificate and its key',
    why: 'a process that reads it does not start.',
    next: 'delete the Secret: cert-manager makes it anew',
    needs: withSecrets,
    *find(living) {
      for (const kind of ['secret-missing', 'secret-unreadable', 'key-mismatch'] as const) yield* ofKind(living, kind, renewCommand);
    },
  },
  {
    code: 'SMT-D106',
    name: 'secret-of-another',
    section,
    level: 'error',
    title: 'Secrets belong to the Certificate and issuer that name them',
    why: 'the workload shows an identity that was issued for something else, or by somebody else.',
    next: 'wait for the issuance that is due, or look why it does not come: kubectl describe the Certificate',
    needs: withSecrets,
    *find(living) {
      for (const kind of ['other-certificate', 'other-issuer'] as const) yield* ofKind(living, kind, renewCommand);
    },
  },
];
