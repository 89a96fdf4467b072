import type { CaCertificatePlan, IssuerRef, Plan } from '../../fleet/plan.js';
import type { RecordingRule } from './rule.js';

/** Labels by which every certificate of the fleet is known to Prometheus, and which its alerts carry. */
export interface CertificateLabels {
  readonly fleet: string;
  readonly namespace: string;
  /** Name of the Certificate. */
  readonly name: string;
  readonly service: string;
  readonly team: string;
  /** `ca`: an authority of the fleet; `leaf`: an identity; `public`: a certificate from the ACME authority. */
  readonly role: 'leaf' | 'ca' | 'public';
  /** The issuer that signs a leaf; of a CA, the issuer that it backs. */
  readonly ca: string;
}

/** A CA certificate and how long before its end the alert must come. */
export interface CertificateAuthority {
  readonly labels: CertificateLabels;
  readonly plan: CaCertificatePlan;
  /** Lifetime of the longest certificate that it signs, but never more than its own renewBefore. */
  readonly reserveSeconds: number;
}

export interface Inventory {
  readonly leaves: readonly CertificateLabels[];
  readonly publics: readonly CertificateLabels[];
  readonly authorities: readonly CertificateAuthority[];
  /** Issuers whose readiness cert-manager reports, without duplicates. */
  readonly issuers: readonly IssuerPlace[];
}

export interface IssuerPlace {
  readonly kind: string;
  readonly name: string;
  /** Undefined for a ClusterIssuer. */
  readonly namespace: string | undefined;
}

/** Service label of certificates that belong to no service. */
export const PKI_SERVICE = 'pki';

/** Every certificate that the plan makes. */
export function inventory(plan: Plan): Inventory {
  const { authority, publicAuthority } = plan;
  const leaves: CertificateLabels[] = [];
  const publics: CertificateLabels[] = [];
  const issuers = new Map<string, IssuerPlace>();
  const addIssuer = (ref: IssuerRef, namespace: string): void => {
    // Issuers of other groups report no readiness to Prometheus.
    if (ref.group !== 'cert-manager.io') return;
    const place = { kind: ref.kind, name: ref.name, namespace: ref.kind === 'Issuer' ? namespace : undefined };
    issuers.set(`${place.kind}/${place.namespace ?? ''}/${place.name}`, place);
  };

  for (const service of plan.services) {
    const entry = (name: string, role: CertificateLabels['role'], ca: IssuerRef): CertificateLabels => ({
      fleet: plan.fleet,
      namespace: service.namespace,
      name,
      service: service.name,
      team: service.team,
      role,
      ca: ca.name,
    });
    leaves.push(entry(service.certificate.secretName, 'leaf', authority.issuerRef));
    addIssuer(authority.issuerRef, service.namespace);
    if (service.publicCertificate && publicAuthority) {
      publics.push(entry(service.publicCertificate.secretName, 'public', publicAuthority.issuerRef));
      addIssuer(publicAuthority.issuerRef, service.namespace);
    }
  }

  const authorities = authoritiesOf(plan);
  for (const { plan: certificate } of authorities) addIssuer(certificate.issuerRef, certificate.namespace);
  return { leaves, publics, authorities, issuers: [...issuers.values()] };
}

function authoritiesOf(plan: Plan): CertificateAuthority[] {
  const { authority } = plan;
  if (authority.kind !== 'selfSigned') return [];
  const longestLeaf = plan.services.reduce((longest, service) => Math.max(longest, service.certificate.durationSeconds), 0);
  const entry = (certificate: CaCertificatePlan, backs: IssuerRef, signsForSeconds: number): CertificateAuthority => ({
    labels: {
      fleet: plan.fleet,
      namespace: certificate.namespace,
      name: certificate.name,
      service: PKI_SERVICE,
      team: plan.team,
      role: 'ca',
      ca: backs.name,
    },
    plan: certificate,
    // More than renewBefore would fire before each ordinary renewal of the CA.
    reserveSeconds: Math.min(certificate.renewBeforeSeconds, signsForSeconds),
  });
  const { root, intermediate } = authority;
  if (!intermediate) return [entry(root, authority.issuerRef, longestLeaf)];
  return [entry(root, intermediate.issuerRef, intermediate.durationSeconds), entry(intermediate, authority.issuerRef, longestLeaf)];
}

/** The metric of the inventory: one constant series per certificate. */
export const INFO = 'sentinel:certificate_info';
export const RESERVE = 'sentinel:certificate_authority_reserve:seconds';

/** One recording rule per certificate, and the reserve of each CA. */
export function inventoryRules(all: Inventory): RecordingRule[] {
  const info = (labels: CertificateLabels): RecordingRule => ({ record: INFO, expr: 'vector(1)', labels: { ...labels } });
  return [
    ...all.leaves.map(info),
    ...all.publics.map(info),
    ...all.authorities.map(ca => info(ca.labels)),
    ...all.authorities.map(ca => ({ record: RESERVE, expr: `vector(${ca.reserveSeconds})`, labels: { ...ca.labels } })),
  ];
}
