import type { KeyAlgorithm, Mode, NonEmpty, PortProtocol, Resources, Subject, Usage, WorkloadKind } from './types.js';

/**
 * One environment of a fleet with every decision made. Constructs write a Plan down and decide nothing;
 * `prove` compares rendered objects with it.
 */
export interface Plan {
  readonly fleet: string;
  readonly environment: string;
  readonly trustDomain: string;
  readonly clusterDomain: string;
  /** Every namespace in which the fleet has a service, sorted. */
  readonly namespaces: NonEmpty<string>;
  readonly certManagerNamespace: string;
  /** Labels on every object. */
  readonly labels: Readonly<Record<string, string>>;
  readonly certPath: string;
  readonly team: string;
  readonly authority: AuthorityPlan;
  readonly publicAuthority: PublicAuthorityPlan | undefined;
  readonly bundle: BundlePlan;
  readonly issuance: boolean;
  /** Issuers of other teams that the issuance policies let go on. */
  readonly otherIssuers: readonly IssuerRef[];
  readonly network: NetworkPlan;
  readonly monitoring: MonitoringPlan;
  /** Sorted by name. */
  readonly services: readonly ServicePlan[];
  readonly externals: readonly ExternalPlan[];
  /** Declared calls between services of the fleet, sorted by caller, callee, port. */
  readonly edges: readonly EdgePlan[];
  /** Calls that cross the border of the fleet. */
  readonly externalEdges: readonly ExternalEdgePlan[];
}

export interface IssuerRef {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
}

export interface KeyPlan {
  readonly algorithm: KeyAlgorithm;
  /** Undefined for Ed25519. */
  readonly size: number | undefined;
  readonly encoding: 'PKCS1' | 'PKCS8';
  readonly rotationPolicy: 'Always' | 'Never';
}

/** A CA Certificate that the fleet makes: a root or an intermediate. */
export interface CaCertificatePlan {
  readonly name: string;
  readonly namespace: string;
  readonly secretName: string;
  readonly commonName: string;
  readonly durationSeconds: number;
  readonly renewBeforeSeconds: number;
  readonly key: KeyPlan;
  readonly issuerRef: IssuerRef;
}

export type AuthorityPlan = {
  /** What every leaf's issuerRef says. */
  readonly issuerRef: IssuerRef;
  /** Namespace of a namespaced Issuer; undefined for a ClusterIssuer. */
  readonly issuerNamespace: string | undefined;
} & (
  | { readonly kind: 'selfSigned'; readonly root: CaCertificatePlan; readonly intermediate: CaCertificatePlan | undefined }
  | { readonly kind: 'existing'; readonly secretName: string }
  | { readonly kind: 'vault'; readonly vault: VaultPlan }
  | { readonly kind: 'external' }
);

export interface VaultPlan {
  readonly server: string;
  readonly path: string;
  readonly namespace: string | undefined;
  readonly caBundle: string | undefined;
  readonly caBundleSecret: { readonly name: string; readonly key: string } | undefined;
  readonly auth:
    | {
        readonly kind: 'kubernetes';
        readonly role: string;
        readonly mountPath: string;
        readonly serviceAccount: string;
        /** The account is made by the fleet, with the right for cert-manager to request its token. */
        readonly createServiceAccount: boolean;
        readonly audiences: readonly string[];
      }
    | {
        readonly kind: 'appRole';
        readonly path: string;
        readonly roleId: string;
        readonly secret: { readonly name: string; readonly key: string };
      };
}

export interface PublicAuthorityPlan {
  readonly issuerRef: IssuerRef;
  readonly server: string;
  readonly email: string;
  readonly profile: string | undefined;
  readonly solvers: readonly Readonly<Record<string, unknown>>[];
}

export type BundleSource =
  | { readonly secret: string; readonly key: string }
  | { readonly configMap: string; readonly key: string }
  | { readonly inline: string };

export interface BundlePlan {
  /** Name of the Bundle and of the ConfigMap in each namespace: `<fleet>-ca-bundle`. */
  readonly name: string;
  readonly key: string;
  /** Namespace from which trust-manager reads sources. */
  readonly trustNamespace: string;
  readonly source: BundleSource;
  /** ConfigMaps with this label add further roots while a root is being replaced. */
  readonly furtherRootsLabel: { readonly key: string; readonly value: string };
}

export interface NetworkPlan {
  readonly policies: boolean;
  readonly ownsNamespaces: boolean;
  readonly dns: readonly NetworkPeerPlan[];
  readonly dnsPorts: readonly { readonly port: number; readonly protocol: 'TCP' | 'UDP' }[];
}

export type NetworkPeerPlan =
  | { readonly namespace: string; readonly labels: Readonly<Record<string, string>> }
  | { readonly cidr: string; readonly except: readonly string[] };

export interface MonitoringPlan {
  readonly enabled: boolean;
  readonly selectorLabels: Readonly<Record<string, string>>;
  readonly runbookBaseUrl: string;
}

export interface PortPlan {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  readonly protocol: PortProtocol;
  readonly transport: 'TCP' | 'UDP';
  /** Carries mutual TLS when its mode is not `disabled`. */
  readonly tls: boolean;
  readonly mode: Mode;
  readonly plainPort: number | undefined;
  readonly path: string | undefined;
}

export interface CertificatePlan {
  /** Certificate and Secret have one name: `<service>-tls`. */
  readonly secretName: string;
  readonly commonName: string | undefined;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** The SPIFFE ID first. */
  readonly uris: NonEmpty<string>;
  readonly usages: NonEmpty<Usage>;
  readonly durationSeconds: number;
  readonly renewBeforeSeconds: number | undefined;
  readonly renewBeforePercentage: number | undefined;
  readonly key: KeyPlan;
  readonly subject: Subject | undefined;
}

export interface WorkloadPlan {
  readonly kind: WorkloadKind;
  /** One name; several where one Service stands before several existing workloads. */
  readonly names: NonEmpty<string>;
  /** True: somebody else deploys it (with its ServiceAccount and Service), we only patch. */
  readonly existing: boolean;
  /** Containers that get the volume and the environment; empty: those named like the workload. */
  readonly containers: readonly string[];
  readonly replicas: number | undefined;
  readonly schedule: string | undefined;
  readonly image: string;
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[] | undefined;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly resources: Resources;
  readonly securityContext: Readonly<Record<string, unknown>>;
}

export interface ServicePlan {
  readonly name: string;
  readonly namespace: string;
  readonly team: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that select its pods, without a version: `app.kubernetes.io/name` and the fleet, or those of the existing workload. */
  readonly selectorLabels: Readonly<Record<string, string>>;
  readonly spiffeId: string;
  readonly serviceAccount: string;
  readonly mode: Mode;
  readonly headless: boolean;
  readonly fqdn: string;
  readonly ports: readonly PortPlan[];
  readonly workload: WorkloadPlan;
  readonly certificate: CertificatePlan;
  readonly publicCertificate: CertificatePlanPublic | undefined;
}

export interface CertificatePlanPublic {
  readonly secretName: string;
  readonly dnsNames: NonEmpty<string>;
  readonly usages: NonEmpty<Usage>;
}

export interface EdgePlan {
  readonly caller: string;
  readonly callee: string;
  /** Name of the callee's port. */
  readonly port: string;
  readonly mode: Mode;
}

export interface ExternalPlan {
  readonly name: string;
  readonly peers: readonly NetworkPeerPlan[];
  readonly spiffeId: string | undefined;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly transport: 'TCP' | 'UDP' }[];
}

/** `in`: an external calls a service's port. `out`: a service calls an external's port. */
export interface ExternalEdgePlan {
  readonly direction: 'in' | 'out';
  readonly service: string;
  readonly external: string;
  readonly port: string;
  readonly mode: Mode;
}
