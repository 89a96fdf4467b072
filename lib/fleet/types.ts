import type { KeyAlgorithm, Usage } from '../pki/index.js';

export type { KeyAlgorithm, Usage };

/**
 * What a person declares. The same shape is written as `fleet.yaml` or as the argument of `defineFleet`.
 * Everything optional here gets its value in `resolve`, never in a construct.
 */

/** At least one element: in Kubernetes an empty list often means "all". */
export type NonEmpty<T> = readonly [T, ...T[]];

/** How strictly a port or a call is guarded. */
export type Mode = 'strict' | 'permissive' | 'audit' | 'disabled';

export interface KeySettings {
  /** @default RSA */
  readonly algorithm?: KeyAlgorithm;
  /** Bits: RSA 2048–8192, ECDSA 256, 384 or 521, none for Ed25519. @default 2048 for RSA, 256 for ECDSA */
  readonly size?: number;
  /** @default PKCS8 */
  readonly encoding?: 'PKCS1' | 'PKCS8';
  /** @default Always for leaves, Never for certificate authorities */
  readonly rotationPolicy?: 'Always' | 'Never';
}

export interface Subject {
  readonly organizations?: readonly string[];
  readonly organizationalUnits?: readonly string[];
  readonly countries?: readonly string[];
  readonly localities?: readonly string[];
  readonly provinces?: readonly string[];
  readonly streetAddresses?: readonly string[];
  readonly postalCodes?: readonly string[];
  readonly serialNumber?: string;
}

/** May be given for the fleet, for an environment and for a service; the nearest wins, field by field. */
export interface CertificateSettings {
  /** Go duration, at least 1h. @default 2160h */
  readonly duration?: string;
  /** Go duration, at least 5m, shorter than `duration`. @default 360h, or a third of `duration` where that is less */
  readonly renewBefore?: string;
  /** Percent of the lifetime that remains at renewal, instead of `renewBefore`. */
  readonly renewBeforePercentage?: number;
  readonly key?: KeySettings;
  /** `graph` derives server auth and client auth from the declared calls. @default graph */
  readonly usages?: 'graph' | readonly Usage[];
  /** At most 64 bytes; `{fqdn}` stands for the service's full DNS name. @default none */
  readonly commonName?: string;
  /** Names in addition to those of the Service. */
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** URIs in addition to the SPIFFE ID; a second SPIFFE ID is an error. */
  readonly uris?: readonly string[];
  readonly subject?: Subject;
}

export interface SecretKeyRef {
  readonly name: string;
  readonly key: string;
}

/** Where the roots that everybody trusts come from, when this fleet does not make them. */
export type RootSource =
  | { readonly configMap: string; readonly key?: string }
  | { readonly secret: string; readonly key?: string }
  | { readonly inline: string };

export interface CaCertificateSettings {
  /** @default 87600h for a root, 17520h for an intermediate */
  readonly duration?: string;
  /** @default the longest leaf duration that it signs (never less) */
  readonly renewBefore?: string;
  /** @default RSA 4096, kept at renewal */
  readonly key?: KeySettings;
  /** @default "<fleet> <environment> root CA" */
  readonly commonName?: string;
}

export interface SelfSignedAuthority extends CaCertificateSettings {
  /** An intermediate that signs the leaves, so that the root signs nothing else. */
  readonly intermediate?: CaCertificateSettings;
}

export interface ExistingAuthority {
  /** Secret (tls.crt, tls.key) in cert-manager's namespace, or in the fleet's for a namespaced Issuer. */
  readonly secretName: string;
  /** Go duration: how long this CA still lives at least; leaves may not be longer. */
  readonly lifetime?: string;
}

export interface VaultAuthority {
  readonly server: string;
  /** `<mount>/sign/<role>`, without `/v1`. */
  readonly path: string;
  readonly namespace?: string;
  /** Base64 of the PEM bundle that proves Vault's own certificate. */
  readonly caBundle?: string;
  readonly caBundleSecret?: SecretKeyRef;
  readonly auth:
    | {
        readonly kubernetes: {
          readonly role: string;
          /** @default /v1/auth/kubernetes */
          readonly mountPath?: string;
          /** @default <fleet>-vault-issuer, created with the right to request its token */
          readonly serviceAccount?: string;
          readonly audiences?: readonly string[];
        };
      }
    | { readonly appRole: { readonly path?: string; readonly roleId: string; readonly secret: SecretKeyRef } };
}

export interface ExternalAuthority {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export interface AuthorityCommon {
  /** A namespaced Issuer instead of a ClusterIssuer. @default false */
  readonly namespaced?: boolean;
  /** Required where the fleet does not make the root itself (vault, external). */
  readonly roots?: RootSource;
}

/** Exactly one kind; `sameAs` is the only way for two environments to share an authority. */
export type Authority = AuthorityCommon &
  (
    | { readonly selfSigned: SelfSignedAuthority }
    | { readonly existing: ExistingAuthority }
    | { readonly vault: VaultAuthority }
    | { readonly external: ExternalAuthority }
    | { readonly sameAs: string }
  );

/** ACME, for server certificates of public names only. */
export interface PublicAuthority {
  readonly acme: {
    readonly server: string;
    readonly email: string;
    readonly profile?: string;
    /** cert-manager ACME solvers, written as cert-manager takes them. */
    readonly solvers: NonEmpty<Readonly<Record<string, unknown>>>;
  };
}

export type PortProtocol = 'https' | 'grpc' | 'tcp' | 'udp' | 'metrics' | 'health';

export interface Port {
  /** Port of the Service, 1–65535. */
  readonly port: number;
  /** Port that the container listens on. @default port */
  readonly targetPort?: number;
  /** `https`, `grpc` and `tcp` carry mutual TLS; `udp`, `metrics` and `health` carry none. @default tcp */
  readonly protocol?: PortProtocol;
  /** Listening port without TLS beside this one; needed in mode permissive. */
  readonly plainPort?: number;
  /** HTTP path of a health or metrics port. @default /healthz, /metrics */
  readonly path?: string;
}

/** `service:port`, or the same with a mode of its own. */
export type Call = string | { readonly to: string; readonly mode?: Mode };

/** A workload that somebody else deploys; it gets Kustomize patches instead of a manifest. */
export interface ExistingWorkload {
  readonly kind: WorkloadKind;
  /** Name, or names where one Service stands before several workloads. @default the service's name */
  readonly names?: NonEmpty<string>;
  /** Labels that select its pods. */
  readonly selector: Readonly<Record<string, string>>;
  /** Containers that get the volume and the environment. @default the container named like the workload */
  readonly containers?: NonEmpty<string>;
}

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob' | 'Job';

export interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

export interface Service {
  /** @default Deployment */
  readonly workload?: WorkloadKind;
  readonly existing?: ExistingWorkload;
  /** @default the fleet's namespace */
  readonly namespace?: string;
  /** Who is told when its certificate is in trouble. @default the fleet's team */
  readonly team?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly command?: NonEmpty<string>;
  readonly args?: NonEmpty<string>;
  /** @default 1, and 0 alerts: not for DaemonSet, CronJob, Job */
  readonly replicas?: number;
  /** Cron expression of a CronJob. */
  readonly schedule?: string;
  readonly ports?: Readonly<Record<string, Port>>;
  readonly calls?: readonly Call[];
  readonly mode?: Mode;
  /** A Service without a cluster IP, with a DNS name for each pod of a StatefulSet. @default false, true for StatefulSet */
  readonly headless?: boolean;
  /** @default the service's name; two services with one ServiceAccount would be one identity */
  readonly serviceAccount?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly resources?: Resources;
  /** Merged over the restricted defaults of the container. */
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly hostNetwork?: boolean;
  readonly certificate?: CertificateSettings;
  /** A second certificate from the environment's ACME authority, for public names. */
  readonly publicCertificate?: { readonly dnsNames: NonEmpty<string>; readonly usages?: readonly Usage[] };
}

/** Pods (by namespace and labels) or address ranges outside of the fleet. */
export type Peer =
  | { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> }
  | { readonly cidrs: NonEmpty<string>; readonly except?: readonly string[] };

export interface External {
  readonly at: Peer;
  /** Calls into the fleet: `service:port`, or `*:metrics` for every metrics port. */
  readonly calls?: readonly Call[];
  /** Its identity, needed to call a port with mutual TLS. */
  readonly spiffeId?: string;
  /** What services of the fleet may call. */
  readonly ports?: Readonly<Record<string, { readonly port: number; readonly protocol?: 'tcp' | 'udp' }>>;
}

export interface DnsPeer {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Port of the DNS pods. @default 53 */
  readonly port?: number;
}

export interface NetworkSettings {
  /** @default true */
  readonly policies?: boolean;
  /** Where names are resolved. @default kube-dns */
  readonly dns?: 'kube-dns' | 'node-local-dns' | 'openshift' | DnsPeer;
  /** Cluster IP of kube-dns, for node-local-dns. */
  readonly dnsClusterIp?: string;
  /** The namespaces hold nothing but this fleet: deny by default for all of their pods. @default false */
  readonly ownsNamespaces?: boolean;
}

export interface MonitoringSettings {
  /** @default true */
  readonly enabled?: boolean;
  /** Labels by which Prometheus selects rules and monitors. @default release: kube-prometheus-stack */
  readonly selectorLabels?: Readonly<Record<string, string>>;
  /** @default a relative path: docs/runbooks */
  readonly runbookBaseUrl?: string;
}

export interface IssuanceSettings {
  /**
   * Cluster-wide issuers of other teams that go on signing as before: with approver-policy in charge, a request
   * that no policy covers waits for ever, and no selector can say "every issuer but ours".
   */
  readonly otherIssuers: NonEmpty<{ readonly name: string; readonly kind: string; readonly group?: string }>;
}

/** What an environment may change of a service. */
export interface ServiceOverride {
  readonly replicas?: number;
  readonly image?: string;
  readonly namespace?: string;
  readonly mode?: Mode;
  readonly env?: Readonly<Record<string, string>>;
  readonly resources?: Resources;
  readonly certificate?: CertificateSettings;
}

export interface Environment {
  readonly authority: Authority;
  readonly publicAuthority?: PublicAuthority;
  /** @default the fleet's */
  readonly namespace?: string;
  readonly trustDomain?: string;
  readonly clusterDomain?: string;
  readonly mode?: Mode;
  readonly labels?: Readonly<Record<string, string>>;
  /** Policies of approver-policy for who may obtain which identity. @default false */
  readonly issuance?: boolean | IssuanceSettings;
  readonly certificates?: CertificateSettings;
  readonly network?: NetworkSettings;
  readonly services?: Readonly<Record<string, ServiceOverride>>;
}

/** The Helm chart of the fleet. */
export interface ChartSettings {
  /** Name of the chart and of its folder. @default the fleet's name */
  readonly name?: string;
  /** SemVer; raise it with each change. @default 0.1.0 */
  readonly version?: string;
  /** Version of what the chart deploys. @default the chart's */
  readonly appVersion?: string;
  /** As Chart.yaml has them. @default none */
  readonly description?: string;
  readonly home?: string;
  readonly icon?: string;
  readonly sources?: readonly string[];
  readonly keywords?: readonly string[];
  readonly maintainers?: readonly { readonly name: string; readonly email?: string; readonly url?: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Fleet {
  /** Name of the fleet, a DNS label; prefix of the issuer, the bundle and the policies. */
  readonly fleet: string;
  readonly namespace: string;
  /** SPIFFE trust domain. */
  readonly trustDomain: string;
  /** @default cluster.local */
  readonly clusterDomain?: string;
  /** @default platform */
  readonly team?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** @default strict */
  readonly mode?: Mode;
  /** Folder of the mounted certificate. @default /etc/sentinel/certs */
  readonly certPath?: string;
  /** Namespace where cert-manager and trust-manager keep cluster resources. @default cert-manager */
  readonly certManagerNamespace?: string;
  readonly certificates?: CertificateSettings;
  readonly network?: NetworkSettings;
  readonly monitoring?: MonitoringSettings;
  readonly chart?: ChartSettings;
  readonly environments: Readonly<Record<string, Environment>>;
  readonly services: Readonly<Record<string, Service>>;
  readonly externals?: Readonly<Record<string, External>>;
}
