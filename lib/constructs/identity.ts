import { Construct } from 'constructs';
import type { CertificatePlanPublic, IssuerRef, Plan, ServicePlan } from '../fleet/plan.js';
import { Manifest } from './manifest.js';
import { MtlsCertificate } from './mtls-certificate.js';
import { serviceLabels } from './names.js';
import { type Part, wholeOf } from './part.js';

export interface IdentityProps {
  readonly plan: Plan;
  /** @default all services */
  readonly part?: Part | undefined;
}

/** A Certificate for each service: least usages, DNS and SPIFFE names, canonical durations. */
export class Identity extends Construct {
  constructor(scope: Construct, id: string, props: IdentityProps) {
    super(scope, id);
    const { plan } = props;
    for (const service of (props.part ?? wholeOf(plan)).services) {
      const labels = serviceLabels(plan, service);
      new MtlsCertificate(this, service.name, {
        ...service.certificate,
        namespace: service.namespace,
        issuerRef: plan.authority.issuerRef,
        labels,
      });
      if (service.publicCertificate) this.addPublic(service, service.publicCertificate, publicIssuer(plan, service), labels);
    }
  }

  /** Duration and key size stay with the public authority: it decides them whatever is asked for. */
  private addPublic(service: ServicePlan, certificate: CertificatePlanPublic, issuerRef: IssuerRef, labels: Record<string, string>): void {
    new Manifest(this, `public ${service.name}`, {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: certificate.secretName, namespace: service.namespace, labels },
      spec: {
        secretName: certificate.secretName,
        secretTemplate: { labels },
        dnsNames: certificate.dnsNames,
        usages: certificate.usages,
        privateKey: { rotationPolicy: 'Always' },
        revisionHistoryLimit: 1,
        issuerRef: { name: issuerRef.name, kind: issuerRef.kind, group: issuerRef.group },
      },
    });
  }
}

function publicIssuer(plan: Plan, service: ServicePlan): IssuerRef {
  if (plan.publicAuthority) return plan.publicAuthority.issuerRef;
  throw new Error(
    `service "${service.name}" has a public certificate, but environment "${plan.environment}" has no public authority\n` +
      '  give the environment a "publicAuthority", or take "publicCertificate" away',
  );
}
