/** Where a call was decided. */
export type Layer =
  /** The handshake: chain, lifetime, usages, DNS name. */
  | 'tls'
  /** SPIFFE IDs against policy.json. */
  | 'identity'
  /** There is no certificate to shake hands with. */
  | 'issuance'
  /** The caller's own policy.json has no such call. */
  | 'callerPolicy'
  /** Let through because the port only audits. */
  | 'audit'
  /** Nobody decided in time, which proves nothing. */
  | 'timeout';

/** What was attempted. Everything but `edge`, `external` and `listen` must be refused. */
export type AttemptKind =
  /** A declared call between services. */
  | 'edge'
  /** A declared call of an external with a SPIFFE ID, played by a certificate of its own. */
  | 'external'
  /** A server that must come up. */
  | 'listen'
  /** A service calls a port that it does not declare. */
  | 'nonEdge'
  | AttackKind;

/** Attacks on a server: by a caller without a certificate, and so on; and on a caller: by a server that is another service. */
export const ATTACK_KINDS = [
  'noCertificate',
  'foreignAuthority',
  'expired',
  'otherIdentity',
  'identityInCommonName',
  'severalIdentities',
  'otherServer',
  'otherServerIdentity',
] as const;

export type AttackKind = (typeof ATTACK_KINDS)[number];

export type Outcome = 'accepted' | 'refused';

/** `audited`: the port is declared in mode audit, so who it does not know may be let through, and is counted. */
export type Expectation = Outcome | 'audited';

export interface Attempt {
  readonly kind: AttemptKind;
  /** Service or external; empty for `listen`. */
  readonly caller: string;
  readonly callee: string;
  /** Name of the callee's port. */
  readonly port: string;
  readonly expected: Expectation;
  readonly outcome: Outcome;
  readonly layer: Layer;
  /** A sentence for people, without addresses, times or key material. */
  readonly reason: string;
}

/** A call or port that no handshake can say anything about. */
export interface NotProvable {
  /** Undefined where it concerns a port whoever calls. */
  readonly caller: string | undefined;
  readonly callee: string;
  readonly port: string;
  readonly reason: string;
}

export interface Tally {
  readonly attempted: number;
  readonly refused: number;
}

export interface HandshakeResult {
  readonly fleet: string;
  readonly environment: string;
  /** `tested` leaves out the calls that are not provable. */
  readonly edges: { readonly declared: number; readonly tested: number; readonly accepted: number };
  readonly externals: { readonly declared: number; readonly tested: number; readonly accepted: number };
  readonly nonEdges: { readonly total: number; readonly tested: number; readonly skipped: number; readonly refused: number };
  readonly attacks: Readonly<Record<AttackKind, Tally>>;
  /** Calls that ports in mode audit let through although nobody declared them. */
  readonly audit: { readonly ports: number; readonly attempted: number; readonly letThrough: number };
  readonly notProvable: readonly NotProvable[];
  /** Attempts whose outcome is not the expected one. */
  readonly failures: readonly Attempt[];
  /** Every attempt, sorted as the plan is. */
  readonly attempts: readonly Attempt[];
  /** What a reader must know of the set-up, such as a stand-in for an issuer. */
  readonly notes: readonly string[];
  readonly seed: string;
  readonly elapsedMs: number;
}

export interface HandshakeOptions {
  /** Undeclared calls beyond this number are sampled. @default 2000 */
  readonly maxNonEdges?: number;
  /** Chooses the sample. @default sentinel */
  readonly seed?: string;
  /** Handshakes at once. @default 16 */
  readonly concurrency?: number;
  /** Of one handshake. @default 5000 */
  readonly timeoutMs?: number;
  /** Called after each attempt. */
  readonly onProgress?: (done: number, total: number) => void;
}
