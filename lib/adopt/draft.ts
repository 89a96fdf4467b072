import type { PortProtocol, WorkloadKind } from '../fleet/index.js';

/** A fleet that was guessed from manifests: each guess says where it comes from, so that a person can judge it. */
export interface Draft {
  readonly fleet: string;
  readonly namespace: string;
  readonly trustDomain: string;
  /** Where the manifests were. */
  readonly source: string;
  readonly authority: DraftAuthority;
  readonly services: readonly DraftService[];
  readonly externals: readonly DraftExternal[];
  /** What was seen and could not be taken over, for a person to decide. */
  readonly open: readonly string[];
}

export interface DraftAuthority {
  /** Flow YAML: `{ selfSigned: {} }`. */
  readonly yaml: string;
  readonly note: string;
}

export interface DraftService {
  readonly name: string;
  readonly namespace: string;
  readonly note: string;
  readonly kind: WorkloadKind;
  readonly workloads: readonly string[];
  readonly selector: Readonly<Record<string, string>>;
  readonly containers: readonly string[];
  readonly serviceAccount: string | undefined;
  /** Why the identity is the service's own name, where it is not the account's. */
  readonly accountNote: string | undefined;
  readonly ports: readonly DraftPort[];
  readonly calls: readonly DraftCall[];
  readonly certificate: { readonly yaml: string; readonly note: string } | undefined;
}

export interface DraftPort {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number;
  readonly protocol: PortProtocol;
  readonly note: string;
}

export interface DraftCall {
  /** `service:port` */
  readonly to: string;
  readonly note: string;
}

export interface DraftExternal {
  readonly name: string;
  /** Flow YAML of `at`. */
  readonly at: string;
  readonly calls: readonly DraftCall[];
  readonly note: string;
}
