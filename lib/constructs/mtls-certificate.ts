import { Construct } from 'constructs';
import type { IssuerRef, KeyPlan } from '../fleet/plan.js';
import type { NonEmpty, Subject, Usage } from '../fleet/types.js';
import { canonicalDuration } from '../pki/index.js';
import { Manifest } from './manifest.js';

export interface MtlsCertificateProps {
  readonly namespace: string;
  /** Name of the Certificate and of its Secret. */
  readonly secretName: string;
  readonly issuerRef: IssuerRef;
  /** A SPIFFE ID, and any other URI SAN. */
  readonly uris: NonEmpty<string>;
  readonly dnsNames: readonly string[];
  readonly usages: NonEmpty<Usage>;
  readonly durationSeconds: number;
  readonly key: KeyPlan;
  /** Not with `renewBeforePercentage`. @default cert-manager's own: a third of the issued lifetime */
  readonly renewBeforeSeconds?: number | undefined;
  /** Percent of the lifetime that remains at renewal. @default none */
  readonly renewBeforePercentage?: number | undefined;
  /** At most 64 bytes. @default none: identity is the URI */
  readonly commonName?: string | undefined;
  /** @default none */
  readonly ipAddresses?: readonly string[] | undefined;
  /** @default none */
  readonly subject?: Subject | undefined;
  /** Labels of the Certificate and of its Secret. @default none */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** The identity of one service: a cert-manager.io/v1 Certificate, every default that matters written out. */
export class MtlsCertificate extends Construct {
  readonly secretName: string;

  constructor(scope: Construct, id: string, props: MtlsCertificateProps) {
    super(scope, id);
    this.secretName = props.secretName;
    const labels = props.labels ?? {};
    new Manifest(this, 'certificate', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: props.secretName, namespace: props.namespace, labels },
      spec: {
        secretName: props.secretName,
        // The Secret outlives its Certificate; with labels it can still be found.
        secretTemplate: { labels },
        ...(props.commonName !== undefined && { commonName: props.commonName }),
        ...(props.subject !== undefined && { subject: props.subject }),
        ...(props.dnsNames.length > 0 && { dnsNames: props.dnsNames }),
        ...(props.ipAddresses !== undefined && props.ipAddresses.length > 0 && { ipAddresses: props.ipAddresses }),
        uris: props.uris,
        usages: props.usages,
        duration: canonicalDuration(props.durationSeconds),
        ...(props.renewBeforeSeconds !== undefined && { renewBefore: canonicalDuration(props.renewBeforeSeconds) }),
        ...(props.renewBeforePercentage !== undefined && { renewBeforePercentage: props.renewBeforePercentage }),
        privateKey: privateKey(props.key),
        revisionHistoryLimit: 1,
        issuerRef: { name: props.issuerRef.name, kind: props.issuerRef.kind, group: props.issuerRef.group },
      },
    });
  }
}

/** `spec.privateKey`, with the rotation policy written out: its default changed between cert-manager 1.17 and 1.18. */
export function privateKey(key: KeyPlan): Record<string, unknown> {
  return {
    algorithm: key.algorithm,
    ...(key.size !== undefined && { size: key.size }),
    encoding: key.encoding,
    rotationPolicy: key.rotationPolicy,
  };
}
