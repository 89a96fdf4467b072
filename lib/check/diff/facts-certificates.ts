import { type FieldPath, isRecord, type KubernetesObject } from '../../objects/index.js';
import { canonicalDuration, parseDuration } from '../../pki/index.js';
import { canonical, shown } from './shown.js';
import type { Effect, Fact, Field } from './types.js';

const PATHS: readonly string[] = [
  'commonName',
  'dnsNames',
  'duration',
  'emailAddresses',
  'ipAddresses',
  'isCA',
  'issuerRef',
  'privateKey',
  'renewBefore',
  'renewBeforePercentage',
  'secretName',
  'subject',
  'uris',
  'usages',
];

export const certificatePaths: readonly FieldPath[] = PATHS.map(field => ['spec', field]);

/** Whom a Certificate names, and how it is issued: two facts, or one of an authority. */
export function certificateFacts(object: KubernetesObject, source: string): readonly Fact[] {
  const spec = isRecord(object.spec) ? object.spec : {};
  const { name, namespace } = object.metadata;
  const subject = namespace === undefined ? name : `${namespace}/${name}`;
  const fact = (section: Fact['section'], appears: Effect, fields: readonly (Field | undefined)[]): Fact => ({
    section,
    key: subject,
    subject,
    appears,
    fields: fields.filter(field => field !== undefined),
    sources: [source],
  });
  const authority = spec.isCA === true;
  const names = [
    set(
      'SPIFFE IDs',
      texts(spec.uris).filter(uri => uri.startsWith('spiffe:')),
    ),
    set(
      'other URIs',
      texts(spec.uris).filter(uri => !uri.startsWith('spiffe:')),
    ),
    set('DNS names', texts(spec.dnsNames)),
    set('IP addresses', texts(spec.ipAddresses)),
    set('e-mail addresses', texts(spec.emailAddresses)),
    scalar('common name', spec.commonName, 'review'),
    scalar('subject', spec.subject, 'review'),
  ];
  // a leaf that becomes an authority stays one statement, and one that changes sides
  const kind = scalar('may sign certificates', spec.isCA, 'review', authority ? 1 : 0);
  const details = [kind, ...issuing(spec)];
  if (authority) return [fact('authorities', 'review', [...details, ...names])];
  return [fact('identities', 'none', names), fact('certificates', 'none', details)];
}

function issuing(spec: Readonly<Record<string, unknown>>): readonly (Field | undefined)[] {
  const key = isRecord(spec.privateKey) ? spec.privateKey : {};
  return [
    duration('lifetime', spec.duration, 1),
    duration('renewed before its end', spec.renewBefore, -1),
    scalar('renewed before its end, per cent', spec.renewBeforePercentage, 'none'),
    scalar('issuer', issuerWords(spec.issuerRef), 'review'),
    set('usages', texts(spec.usages)),
    scalar('key algorithm', key.algorithm, 'review'),
    scalar('key size', key.size, 'review', typeof key.size === 'number' ? -key.size : undefined),
    scalar('key encoding', key.encoding, 'none'),
    scalar('key at renewal', rotation(key.rotationPolicy), 'review', key.rotationPolicy === 'Never' ? 1 : 0),
    scalar('other settings of the key', others(key), 'review'),
    scalar('Secret', spec.secretName, 'review'),
  ];
}

export function scalar(name: string, value: unknown, effect: Effect, rank?: number): Field | undefined {
  return value === undefined ? undefined : { name, value: canonical(value), shown: shown(value), effect, rank };
}

/** Longer is weaker for `direction` 1, stronger for -1; lengths that can't be read are for a reviewer. */
function duration(name: string, value: unknown, direction: 1 | -1): Field | undefined {
  const seconds = typeof value === 'string' ? parseDuration(value) : undefined;
  if (seconds === undefined) return scalar(name, value, 'review');
  return { name, value: String(seconds), shown: durationWords(seconds), rank: direction * seconds, effect: 'review' };
}

/** `90 days` beside what stands in the manifest. */
function durationWords(seconds: number): string {
  const days = seconds / 86_400;
  const exact = canonicalDuration(seconds);
  return days >= 1 && Number.isInteger(days) ? `${days} ${days === 1 ? 'day' : 'days'}` : exact;
}

const rotation = (policy: unknown): unknown =>
  policy === 'Never' ? 'the same key (Never)' : policy === 'Always' ? 'a new key (Always)' : policy;

function others({ algorithm: _a, size: _s, encoding: _e, rotationPolicy: _r, ...rest }: Readonly<Record<string, unknown>>): unknown {
  return Object.keys(rest).length === 0 ? undefined : rest;
}

function issuerWords(reference: unknown): unknown {
  if (!isRecord(reference)) return reference;
  const { group = 'cert-manager.io', kind = 'Issuer', name, ...rest } = reference;
  if (Object.keys(rest).length > 0) return reference;
  return `${String(kind)} ${String(name)}${group === 'cert-manager.io' ? '' : ` of ${String(group)}`}`;
}

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined ? [] : [canonical(value)];

const set = (name: string, items: readonly string[]): Field | undefined => ({ name, items: items.map(shown), grows: 'weaker' });
