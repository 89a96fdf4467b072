import { Construct } from 'constructs';
import type { CaCertificatePlan, IssuerRef } from '../fleet/plan.js';
import type { Usage } from '../fleet/types.js';
import { canonicalDuration } from '../pki/index.js';
import { Manifest } from './manifest.js';
import { privateKey } from './mtls-certificate.js';

/** No extended key usage: on a CA it would restrict every certificate below it. */
export const CA_USAGES: readonly Usage[] = ['digital signature', 'cert sign', 'crl sign'];

export interface CaCertificateProps {
  readonly certificate: CaCertificatePlan;
  /** Labels of the Certificate and of its Secret. @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A certificate authority that cert-manager makes and renews: a root, or an intermediate. */
export class CaCertificate extends Construct {
  constructor(scope: Construct, id: string, props: CaCertificateProps) {
    super(scope, id);
    const { certificate } = props;
    const labels = props.labels ?? {};
    new Manifest(this, 'certificate', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: certificate.name, namespace: certificate.namespace, labels },
      spec: {
        isCA: true,
        secretName: certificate.secretName,
        secretTemplate: { labels },
        commonName: certificate.commonName,
        usages: CA_USAGES,
        duration: canonicalDuration(certificate.durationSeconds),
        renewBefore: canonicalDuration(certificate.renewBeforeSeconds),
        privateKey: privateKey(certificate.key),
        revisionHistoryLimit: 1,
        issuerRef: { name: certificate.issuerRef.name, kind: certificate.issuerRef.kind, group: certificate.issuerRef.group },
      },
    });
  }
}

export interface CertificateIssuerProps {
  /** Its name and kind are those of the issuer that is made. */
  readonly issuerRef: IssuerRef;
  /** Namespace of an Issuer; undefined for a ClusterIssuer. */
  readonly namespace: string | undefined;
  /** `spec` of cert-manager.io/v1 Issuer: exactly one of ca, selfSigned, vault, acme. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** An Issuer or a ClusterIssuer of cert-manager. */
export class CertificateIssuer extends Construct {
  constructor(scope: Construct, id: string, props: CertificateIssuerProps) {
    super(scope, id);
    const { issuerRef, namespace } = props;
    new Manifest(this, 'issuer', {
      apiVersion: 'cert-manager.io/v1',
      kind: issuerRef.kind,
      metadata: {
        name: issuerRef.name,
        ...(issuerRef.kind === 'Issuer' && namespace !== undefined && { namespace }),
        labels: { ...props.labels },
      },
      spec: props.spec,
    });
  }
}
