import { isRecord, type KubernetesObject, objectName, valueAt } from '../objects/index.js';
import { parseDuration } from './duration.js';
import type { KeyAlgorithm, Usage } from './usage.js';
import type { KeySpec } from './x509-keys.js';
import { DEFAULT_USAGES, isUsage } from './x509-usages.js';

/** What a rendered cert-manager Certificate asks for, with cert-manager's own defaults. */
export interface CertificateRequest {
  /** `Certificate shop/orders-tls` */
  readonly object: string;
  readonly namespace: string | undefined;
  readonly secretName: string;
  readonly issuerRef: { readonly name: string; readonly kind: string; readonly group: string };
  readonly durationSeconds: number;
  readonly commonName: string | undefined;
  /** One attribute a row, such as `['O', 'Example']`. */
  readonly subject: readonly (readonly [attribute: string, value: string])[];
  readonly literalSubject: string | undefined;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly usages: readonly Usage[];
  readonly isCa: boolean;
  readonly key: KeySpec;
}

/** A Certificate that cert-manager's webhook or controller would not issue. */
export class IssuanceError extends Error {
  override readonly name = 'IssuanceError';
  readonly code = 'ISSUANCE_REFUSED';
}

/** 2160h, cert-manager's default. */
export const DEFAULT_DURATION_SECONDS = 7_776_000;

/** Attributes of `spec.subject` as X.509 names them; the ones without a common short name by object identifier. */
const SUBJECT_ATTRIBUTES: readonly (readonly [field: string, attribute: string])[] = [
  ['countries', 'C'],
  ['organizations', 'O'],
  ['organizationalUnits', 'OU'],
  ['localities', 'L'],
  ['provinces', 'ST'],
  ['streetAddresses', '2.5.4.9'],
  ['postalCodes', '2.5.4.17'],
];

/**
 * Reads a Certificate as cert-manager does.
 *
 * @throws IssuanceError for what its webhook refuses and for fields that the embedded authority can't issue
 */
export function readCertificateRequest(object: KubernetesObject): CertificateRequest {
  const spec = isRecord(object.spec) ? object.spec : {};
  const refuse = (problem: string): never => {
    throw new IssuanceError(`${objectName(object)} ${problem}`);
  };
  const text = (path: string[]): string | undefined => {
    const value = valueAt(spec, path);
    return value === undefined || typeof value === 'string' ? value : refuse(`has a ${path.join('.')} that is no text`);
  };
  const list = (path: string[]): readonly string[] => {
    const value = valueAt(spec, path) ?? [];
    return Array.isArray(value) && value.every(item => typeof item === 'string')
      ? value
      : refuse(`has a ${path.join('.')} that is no list of texts`);
  };
  const request: CertificateRequest = {
    object: objectName(object),
    namespace: object.metadata.namespace,
    secretName: text(['secretName']) || refuse('has no secretName'),
    issuerRef: {
      name: text(['issuerRef', 'name']) || refuse('has no issuerRef.name'),
      kind: text(['issuerRef', 'kind']) ?? 'Issuer',
      group: text(['issuerRef', 'group']) ?? 'cert-manager.io',
    },
    durationSeconds: readDuration(spec, text, refuse),
    commonName: text(['commonName']) || undefined,
    subject: SUBJECT_ATTRIBUTES.flatMap(([field, attribute]) => list(['subject', field]).map(value => [attribute, value] as const)).concat(
      text(['subject', 'serialNumber']) ? [['2.5.4.5', text(['subject', 'serialNumber']) ?? '']] : [],
    ),
    literalSubject: text(['literalSubject']) || undefined,
    dnsNames: list(['dnsNames']),
    ipAddresses: list(['ipAddresses']),
    uris: list(['uris']),
    emailAddresses: list(['emailAddresses']),
    usages: readUsages(list(['usages']), refuse),
    isCa: spec.isCA === true,
    key: readKey(text(['privateKey', 'algorithm']), valueAt(spec, ['privateKey', 'size']), refuse),
  };
  // 64 bytes: RFC 5280 ub-common-name; the webhook counts bytes too
  if (Buffer.byteLength(request.commonName ?? '') > 64) refuse('has a commonName of more than 64 bytes');
  if (spec.otherNames !== undefined) refuse('has otherNames, which the embedded authority does not issue');
  const names = [...request.dnsNames, ...request.ipAddresses, ...request.uris, ...request.emailAddresses];
  if (names.length === 0 && request.commonName === undefined && request.literalSubject === undefined)
    refuse('has neither names nor a commonName');
  // IA5String: a CSR can't be built with any other character
  const foreign = names.find(name => /[^\x20-\x7e]/.test(name) || name === '');
  if (foreign !== undefined) refuse(`has the name ${JSON.stringify(foreign)}, which is no plain ASCII text`);
  return request;
}

type Refuse = (problem: string) => never;

function readDuration(spec: Readonly<Record<string, unknown>>, text: (path: string[]) => string | undefined, refuse: Refuse): number {
  const seconds = (field: string): number | undefined => {
    const value = text([field]);
    return value === undefined
      ? undefined
      : (parseDuration(value) ?? refuse(`has ${field} ${JSON.stringify(value)}, expected a Go duration such as 2160h`));
  };
  const duration = seconds('duration');
  const renewBefore = seconds('renewBefore');
  const lifetime = duration ?? DEFAULT_DURATION_SECONDS;
  if (lifetime < 3600) refuse('has a duration of less than 1h');
  if (renewBefore !== undefined && renewBefore < 300) refuse('has a renewBefore of less than 5m');
  if (renewBefore !== undefined && renewBefore >= lifetime) refuse('has a renewBefore that is not less than its duration');
  if (renewBefore !== undefined && spec.renewBeforePercentage !== undefined) refuse('has both renewBefore and renewBeforePercentage');
  return lifetime;
}

function readUsages(usages: readonly string[], refuse: Refuse): readonly Usage[] {
  if (usages.length === 0) return DEFAULT_USAGES;
  return usages.map(usage => (isUsage(usage) ? usage : refuse(`has the unknown usage ${JSON.stringify(usage)}`)));
}

function readKey(algorithm: string | undefined, size: unknown, refuse: Refuse): KeySpec {
  const name: KeyAlgorithm =
    algorithm === undefined || algorithm === 'RSA'
      ? 'RSA'
      : algorithm === 'ECDSA' || algorithm === 'Ed25519'
        ? algorithm
        : refuse(`has the unknown key algorithm ${JSON.stringify(algorithm)}`);
  if (name === 'Ed25519') return { algorithm: name, size: undefined };
  const bits = size ?? (name === 'RSA' ? 2048 : 256);
  if (typeof bits !== 'number' || !Number.isInteger(bits)) return refuse('has a privateKey.size that is no whole number');
  if (name === 'RSA' && (bits < 2048 || bits > 8192)) return refuse(`has an RSA key of ${bits} bits, expected 2048 to 8192`);
  if (name === 'ECDSA' && ![256, 384, 521].includes(bits)) return refuse(`has an ECDSA key of ${bits} bits, expected 256, 384 or 521`);
  return { algorithm: name, size: bits };
}
