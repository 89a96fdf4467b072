import type { CertificateView, IssuerView } from '../../check/lint/world.js';
import { type KubernetesObject, objectName } from '../../objects/index.js';
import { type CertificateTrouble, certificateTroubles, type Living, type TroubleKind } from '../state/index.js';
import type { Trouble } from './check.js';

const found = new WeakMap<Living, ReadonlyMap<CertificateView, readonly CertificateTrouble[]>>();

/** What is wrong with each Certificate; found once for all checks. */
export function troublesOf(living: Living): ReadonlyMap<CertificateView, readonly CertificateTrouble[]> {
  let all = found.get(living);
  if (all === undefined) {
    all = new Map(living.certificates.map(certificate => [certificate, certificateTroubles(living, certificate)]));
    found.set(living, all);
  }
  return all;
}

/** Troubles of one kind, as a check reports them. */
export function* ofKind(living: Living, kind: TroubleKind, next?: (certificate: CertificateView) => string): Generator<Trouble> {
  for (const [certificate, troubles] of troublesOf(living))
    for (const trouble of troubles)
      if (trouble.kind === kind)
        yield { ...at(certificate.object, trouble.evidence), ...(next === undefined ? {} : { next: next(certificate) }) };
}

export const at = (object: KubernetesObject, evidence: string): Trouble => ({ object: objectName(object), evidence });

/** `-n shop` of an object, for commands. */
export const inNamespace = (object: KubernetesObject): string =>
  object.metadata.namespace === undefined ? '' : ` -n ${object.metadata.namespace}`;

export const renewCommand = ({ object }: CertificateView): string =>
  `sentinel-mtls renew ${object.metadata.name}${inNamespace(object)} --wait`;

/** CA issuers with their authority, where the Secret is there. */
export function* authorities(
  living: Living,
): Generator<{ readonly issuer: IssuerView; readonly authority: NonNullable<ReturnType<Living['authority']>> }> {
  for (const issuer of living.world.issuers) {
    const authority = living.authority(issuer);
    if (authority !== undefined) yield { issuer, authority };
  }
}
