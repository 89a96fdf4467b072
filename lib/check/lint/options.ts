import type { FieldPath, KubernetesObject, Place } from '../../objects/index.js';
import { type Profile, profileOf } from './profiles.js';
import type { Persona } from './rule.js';

export interface LintOptions {
  /** @default 'default' */
  readonly profile?: string;
  /** @default 'regular' */
  readonly persona?: Persona;
  /** Codes or names; all rules when left out. */
  readonly only?: readonly string[];
  /** Day by which deadlines are judged, `YYYY-MM-DD`. @default today in UTC */
  readonly date?: string;
  /** Version of cert-manager in the cluster, `1.18` to `1.21`. @default '1.21' */
  readonly certManager?: string;
  /** Version of Kubernetes, such as `1.34`, when it is known. */
  readonly kubernetes?: string;
  /** Where cert-manager looks for the Secrets of ClusterIssuers. @default 'cert-manager' */
  readonly clusterResourceNamespace?: string;
  /** Where trust-manager looks for its sources. @default 'cert-manager' */
  readonly trustNamespace?: string;
  /** Where the source of an object says what one of its fields is: see `fleetOrigin`. `file` is where the object was read. */
  readonly origin?: (object: KubernetesObject, path: FieldPath, file: string) => Place | undefined;
}

/** The options with their defaults. */
export interface Settings {
  readonly profile: Profile;
  readonly persona: Persona;
  readonly date: string;
  /** Minor version: 21 of 1.21. */
  readonly certManager: number;
  readonly kubernetes: number | undefined;
  readonly clusterResourceNamespace: string;
  readonly trustNamespace: string;
}

export const CERT_MANAGER_VERSIONS: readonly string[] = ['1.18', '1.19', '1.20', '1.21'];

export function settingsOf(options: LintOptions): Settings {
  return {
    profile: profileOf(options.profile ?? 'default'),
    persona: options.persona ?? 'regular',
    date: options.date ?? new Date().toISOString().slice(0, 10),
    certManager: minorOf(options.certManager) ?? 21,
    kubernetes: minorOf(options.kubernetes),
    clusterResourceNamespace: options.clusterResourceNamespace ?? 'cert-manager',
    trustNamespace: options.trustNamespace ?? 'cert-manager',
  };
}

function minorOf(version: string | undefined): number | undefined {
  const minor = /^v?1\.(\d+)/.exec(version ?? '')?.[1];
  return minor === undefined ? undefined : Number(minor);
}
