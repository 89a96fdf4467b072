import { type CertificateView, certificatesOf } from '../../check/lint/index.js';
import type { Plan, ServicePlan } from '../../fleet/index.js';
import type { ObjectSet } from '../../objects/index.js';

/** A Certificate as it is rendered. All lifetimes are what is asked for; an authority may sign less. */
export interface CertificateRow {
  readonly name: string;
  readonly namespace: string;
  /** Service that has it; undefined for a CA and for what is not of the fleet. */
  readonly service: string | undefined;
  readonly team: string;
  readonly kind: 'service' | 'public' | 'authority' | 'other';
  readonly issuer: string;
  readonly lifetimeSeconds: number;
  /** Time left when it is renewed: the least that is ever left while renewal works. */
  readonly leftSeconds: number;
  /** `RSA 2048` */
  readonly key: string;
  readonly usages: readonly string[];
}

interface Owner {
  readonly service: ServicePlan;
  readonly kind: 'service' | 'public';
}

/** Every Certificate among the objects, the one with the least time left at renewal first. */
export function certificateRows(objects: ObjectSet, plan: Plan): readonly CertificateRow[] {
  const owners = new Map<string, Owner>();
  for (const service of plan.services) {
    owners.set(`${service.namespace}/${service.certificate.secretName}`, { service, kind: 'service' });
    if (service.publicCertificate) owners.set(`${service.namespace}/${service.publicCertificate.secretName}`, { service, kind: 'public' });
  }
  const rows = certificatesOf(objects).map((view): CertificateRow => {
    const owner = view.isCA ? undefined : owners.get(`${view.namespace}/${view.secretName}`);
    return {
      name: view.object.metadata.name,
      namespace: view.namespace,
      service: owner?.service.name,
      team: owner?.service.team ?? plan.team,
      kind: owner?.kind ?? (view.isCA ? 'authority' : 'other'),
      issuer: view.issuerRef.name,
      lifetimeSeconds: view.duration,
      leftSeconds: view.renewBefore,
      key: keyText(view),
      usages: view.usages ?? [],
    };
  });
  return rows.sort((a, b) => a.leftSeconds - b.leftSeconds || compare(a.namespace, b.namespace) || compare(a.name, b.name));
}

function keyText({ key }: CertificateView): string {
  return key.algorithm === 'Ed25519' ? 'Ed25519' : `${key.algorithm} ${key.size}`;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
