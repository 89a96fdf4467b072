import type { CertificateView } from '../../check/lint/world.js';
import { numberAt, textAt } from '../_values.js';
import type { Gap } from '../snapshot/index.js';
import { type CertificateTrouble, certificateTroubles, isReady, type Living, notAfter, TROUBLES } from '../state/index.js';

/** Label of everything that a fleet has in a cluster. */
export const FLEET_LABEL = 'sentinel-mtls.io/fleet';

/** One Certificate as it is. Times are ISO 8601 in UTC. */
export interface CertificateStatus {
  readonly namespace: string;
  readonly name: string;
  readonly fleet: string | undefined;
  /** What the object says of itself. */
  readonly ready: boolean;
  readonly secretName: string;
  /** `ClusterIssuer/shop-ca-issuer` */
  readonly issuer: string;
  /** End of the certificate in the Secret; undefined where there is none, or it can't be read. */
  readonly notAfter: string | undefined;
  /** What the object's status says of it. */
  readonly reportedNotAfter: string | undefined;
  readonly renewalTime: string | undefined;
  readonly created: string | undefined;
  readonly revision: number | undefined;
  /** `Deployment/orders (3)` */
  readonly mountedBy: readonly string[];
  readonly troubles: readonly CertificateTrouble[];
}

export interface FleetStatus {
  readonly context: string;
  readonly takenAt: string;
  readonly certificates: readonly CertificateStatus[];
  /** What could not be read, so that nothing is said of it. */
  readonly gaps: readonly Gap[];
}

export interface StatusOptions {
  /** Every Certificate, not only those of fleets. @default false */
  readonly all?: boolean;
  /** Only this fleet. */
  readonly fleet?: string | undefined;
}

/** Every Certificate with what is wrong, the worst first, then by renewal. */
export function fleetStatus(living: Living, options: StatusOptions = {}): FleetStatus {
  const { header } = living.snapshot;
  const chosen = living.certificates.filter(({ object }) => {
    const fleet = object.metadata.labels?.[FLEET_LABEL];
    if (options.fleet !== undefined) return fleet === options.fleet;
    return options.all === true || fleet !== undefined;
  });
  return {
    context: header.context,
    takenAt: header.takenAt,
    certificates: chosen.map(certificate => statusOf(living, certificate)).sort(byTrouble),
    gaps: header.gaps.filter(({ reason }) => reason !== 'absent'),
  };
}

function statusOf(living: Living, certificate: CertificateView): CertificateStatus {
  const { object, namespace, secretName, issuerRef } = certificate;
  const secret = living.secret(namespace, secretName);
  const [leaf] = secret === undefined ? [] : living.chain(secret).certificates;
  return {
    namespace,
    name: object.metadata.name,
    fleet: object.metadata.labels?.[FLEET_LABEL],
    ready: isReady(certificate),
    secretName,
    issuer: `${issuerRef.kind}/${issuerRef.name}`,
    notAfter: leaf && new Date(notAfter(leaf)).toISOString(),
    reportedNotAfter: textAt(object, 'status', 'notAfter') || undefined,
    renewalTime: textAt(object, 'status', 'renewalTime') || undefined,
    created: textAt(object, 'metadata', 'creationTimestamp') || undefined,
    revision: numberAt(object, 'status', 'revision'),
    mountedBy: living.mounts(namespace, secretName).map(({ workload, pods }) => `${workload} (${pods.length})`),
    troubles: certificateTroubles(living, certificate),
  };
}

const rank = ({ troubles: [worst] }: CertificateStatus): number => (worst === undefined ? TROUBLES.length : TROUBLES.indexOf(worst.kind));

/** A certificate without a time of renewal comes last. */
const due = ({ renewalTime }: CertificateStatus): string => renewalTime ?? '9';

function byTrouble(a: CertificateStatus, b: CertificateStatus): number {
  return rank(a) - rank(b) || due(a).localeCompare(due(b)) || `${a.namespace}/${a.name}`.localeCompare(`${b.namespace}/${b.name}`);
}
