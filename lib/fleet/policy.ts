import type { Mode } from './types.js';

/**
 * `policy.json`: the allow-list that a process enforces, mounted beside its certificate.
 * A reader refuses any other `version` and any mode that it does not know; an empty `allow` denies everybody.
 */
export interface Policy {
  readonly version: 1;
  readonly fleet: string;
  readonly environment: string;
  readonly service: string;
  readonly spiffeId: string;
  readonly mode: Mode;
  /** Ports with mutual TLS that this process listens on. */
  readonly server: readonly PolicyServerPort[];
  /** Ports of other services that this process may call. */
  readonly client: readonly PolicyClientPeer[];
}

export interface PolicyServerPort {
  readonly name: string;
  /** Port that the process listens on (the pod's port, not the Service's). */
  readonly port: number;
  readonly mode: Mode;
  readonly plainPort?: number;
  readonly allow: readonly { readonly spiffeId: string; readonly mode: Mode }[];
}

export interface PolicyClientPeer {
  readonly service: string;
  readonly name: string;
  /** Port of the Service. */
  readonly port: number;
  /** DNS name to connect to, and to check the server's certificate against. */
  readonly host: string;
  readonly spiffeId: string;
  readonly mode: Mode;
}
