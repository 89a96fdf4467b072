import type { X509Certificate } from 'node:crypto';
import type { CertificateView } from '../../check/lint/world.js';
import { durationText, numberAt, textAt } from '../_values.js';
import { condition } from './condition.js';
import type { Living } from './living.js';
import { isIssuedBy, notAfter, notBefore } from './pem.js';
import { specDifferences } from './spec-differences.js';

/** What can be wrong with one certificate, the worst first. */
export const TROUBLES = [
  'expired',
  'secret-missing',
  'secret-unreadable',
  'key-mismatch',
  'authority-changed',
  'authority-expired',
  'not-yet-valid',
  'other-certificate',
  'other-issuer',
  'not-ready',
  'overdue',
  'differs-from-spec',
  'outlives-authority',
] as const;
export type TroubleKind = (typeof TROUBLES)[number];

export interface CertificateTrouble {
  readonly kind: TroubleKind;
  /** What was seen, with names and times; no secret. */
  readonly evidence: string;
}

/** A minute: between a renewal's time and the controller's next look. */
const GRACE_MS = 60_000;
/** An hour of failed tries is the first backoff of cert-manager. */
const OVERDUE_MS = 3_600_000;

export const isReady = ({ object }: CertificateView): boolean => condition(object, 'Ready')?.status === 'True';

/** Everything that is wrong with one certificate, from its object, its Secret and its authority. */
export function certificateTroubles(living: Living, certificate: CertificateView): CertificateTrouble[] {
  const found: CertificateTrouble[] = [];
  const add = (kind: TroubleKind, evidence: string): void => {
    found.push({ kind, evidence });
  };
  const { now } = living;
  const ready = condition(certificate.object, 'Ready');
  if (ready?.status !== 'True')
    add('not-ready', ready === undefined ? 'cert-manager has not looked at it yet' : `${ready.reason}: ${ready.message}`);
  overdue(certificate, now, add);
  const secret = living.secret(certificate.namespace, certificate.secretName);
  if (secret === undefined) {
    if (living.gapOf('secrets') === undefined) add('secret-missing', `Secret ${certificate.secretName} is not there`);
    return sorted(found);
  }
  const owner = secret.metadata.annotations?.['cert-manager.io/certificate-name'];
  if (owner !== undefined && owner !== certificate.object.metadata.name)
    add('other-certificate', `Secret ${certificate.secretName} was written for Certificate ${owner}`);
  otherIssuer(certificate, secret.metadata.annotations ?? {}, add);
  const { certificates, broken } = living.chain(secret);
  const [leaf] = certificates;
  if (leaf === undefined) {
    add('secret-unreadable', `Secret ${certificate.secretName} ${broken > 0 ? 'has a tls.crt that is no certificate' : 'has no tls.crt'}`);
    return sorted(found);
  }
  const end = notAfter(leaf);
  if (end < now)
    add(
      'expired',
      `the certificate in Secret ${certificate.secretName} ended on ${day(end)}${ready?.status === 'True' ? ', while Ready is True' : ''}`,
    );
  if (notBefore(leaf) > now + GRACE_MS) add('not-yet-valid', `it is valid from ${new Date(notBefore(leaf)).toISOString()} only`);
  const key = secret.held['tls.key'];
  if (key === undefined || key.bytes === 0) add('secret-unreadable', `Secret ${certificate.secretName} has no tls.key`);
  else if (key.form === 'unreadable') add('key-mismatch', `tls.key in Secret ${certificate.secretName} is no private key`);
  else if (key.fits === false) add('key-mismatch', `tls.key in Secret ${certificate.secretName} is not the key of tls.crt`);
  byAuthority(living, certificate, leaf, add);
  const differences = specDifferences(certificate, leaf);
  if (differences.length > 0) add('differs-from-spec', differences.join('; '));
  return sorted(found);
}

type Add = (kind: TroubleKind, evidence: string) => void;

function overdue({ object }: CertificateView, now: number, add: Add): void {
  const renewal = Date.parse(textAt(object, 'status', 'renewalTime'));
  if (!(renewal + OVERDUE_MS < now)) return;
  const failed = numberAt(object, 'status', 'failedIssuanceAttempts') ?? 0;
  add('overdue', `renewal was due ${durationText((now - renewal) / 1000)} ago${failed > 0 ? `, ${failed} failed attempts` : ''}`);
}

function otherIssuer({ issuerRef }: CertificateView, annotations: Readonly<Record<string, string>>, add: Add): void {
  const name = annotations['cert-manager.io/issuer-name'];
  if (name === undefined) return;
  const kind = annotations['cert-manager.io/issuer-kind'] || 'Issuer';
  if (name !== issuerRef.name || kind !== issuerRef.kind)
    add('other-issuer', `the Secret holds a certificate of ${kind} ${name}, asked for is ${issuerRef.kind} ${issuerRef.name}`);
}

function byAuthority(living: Living, certificate: CertificateView, leaf: X509Certificate, add: Add): void {
  const issuer = living.world.issuerOf(certificate);
  const authority = issuer && living.authority(issuer);
  const [signer] = authority?.chain.certificates ?? [];
  if (issuer === undefined || authority === undefined || signer === undefined) return;
  const place = `Secret ${authority.secret.metadata.namespace ?? ''}/${authority.secret.metadata.name}`;
  // where a Certificate writes the Secret of its own issuer, the leaf is the signer itself
  if (leaf !== signer && !isIssuedBy(leaf, signer))
    add('authority-changed', `it is not signed by the authority that ${issuer.kind} ${issuer.name} has now (${place})`);
  const end = notAfter(signer);
  if (end < living.now) add('authority-expired', `its authority in ${place} ended on ${day(end)}`);
  else if (notAfter(leaf) > end)
    add('outlives-authority', `it is valid until ${day(notAfter(leaf))}, its authority in ${place} until ${day(end)}`);
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ');

const sorted = (found: CertificateTrouble[]): CertificateTrouble[] =>
  found.sort((a, b) => TROUBLES.indexOf(a.kind) - TROUBLES.indexOf(b.kind));
