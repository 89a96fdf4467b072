import type { KubernetesObject, ObjectSet } from '../../objects/index.js';
import { parseDuration } from '../../pki/index.js';
import type { KeyChoice } from './profiles.js';
import { isSet, mapAt, numberAt, textAt, textsAt } from './values.js';

/** cert-manager's default: 90 days (`DefaultCertificateDuration`). */
const DEFAULT_DURATION = 90 * 24 * 3600;

/** A Certificate with the defaults of cert-manager filled in. */
export interface CertificateView {
  readonly object: KubernetesObject;
  /** Empty where the object has none: the release's namespace. */
  readonly namespace: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly secretName: string;
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  /** Undefined when the field is left out: then cert-manager asks for no extended usage at all. */
  readonly usages: readonly string[] | undefined;
  readonly isCA: boolean;
  /** Seconds. */
  readonly duration: number;
  /** Seconds before the end at which it is renewed, by the controller's own formula. */
  readonly renewBefore: number;
  readonly key: KeyChoice;
  readonly issuerRef: { readonly group: string; readonly kind: string; readonly name: string };
}

const DEFAULT_SIZES: Readonly<Record<string, number>> = { RSA: 2048, ECDSA: 256, Ed25519: 256 };

export function certificatesOf(objects: ObjectSet): CertificateView[] {
  return objects.ofKind('Certificate', 'cert-manager.io').map(viewOf);
}

function viewOf(object: KubernetesObject): CertificateView {
  const spec = mapAt(object, 'spec');
  const algorithm = textAt(spec, 'privateKey', 'algorithm') || 'RSA';
  const duration = parseDuration(textAt(spec, 'duration')) ?? DEFAULT_DURATION;
  return {
    object,
    namespace: object.metadata.namespace ?? '',
    spec,
    secretName: textAt(spec, 'secretName'),
    commonName: textAt(spec, 'commonName') || commonNameOf(textAt(spec, 'literalSubject')),
    dnsNames: textsAt(spec, 'dnsNames'),
    uris: textsAt(spec, 'uris'),
    usages: isSet(spec, 'usages') ? textsAt(spec, 'usages') : undefined,
    isCA: spec.isCA === true,
    duration,
    renewBefore: renewBeforeOf(spec, duration),
    key: { algorithm, size: numberAt(spec, 'privateKey', 'size') || (DEFAULT_SIZES[algorithm] ?? 0) },
    issuerRef: {
      group: textAt(spec, 'issuerRef', 'group') || 'cert-manager.io',
      kind: textAt(spec, 'issuerRef', 'kind') || 'Issuer',
      name: textAt(spec, 'issuerRef', 'name'),
    },
  };
}

const commonNameOf = (literal: string): string => /(?:^|,)\s*CN\s*=\s*((?:\\.|[^,\\])*)/.exec(literal)?.[1] ?? '';

/** cert-manager pkg/util/pki/renewaltime.go: a third of the life when nothing useful is set. */
function renewBeforeOf(spec: unknown, duration: number): number {
  const before = parseDuration(textAt(spec, 'renewBefore'));
  if (before !== undefined && before > 0 && before < duration) return before;
  const percentage = numberAt(spec, 'renewBeforePercentage');
  if (percentage !== undefined && percentage > 0 && percentage < 100) return (duration * percentage) / 100;
  return duration / 3;
}
