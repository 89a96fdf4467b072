import { normalHost } from './host-name.js';
import type { PeerIdentity } from './peer.js';
import { ALLOWED, audited, type Decision, denied, MODES, type Mode, type Policy } from './policy.js';

interface PortRule {
  readonly mode: Mode;
  readonly allow: ReadonlySet<string>;
  readonly plainPorts: readonly number[];
}

interface CallRule {
  readonly mode: Mode;
  readonly spiffeId: string;
}

const strictest = (modes: readonly Mode[]): Mode => MODES.find(mode => modes.includes(mode)) ?? 'strict';

/** A policy made ready to be asked: one look-up a connection. */
export class PolicyIndex {
  readonly policy: Policy;
  readonly #ports = new Map<number, PortRule>();
  readonly #calls = new Map<string, CallRule>();

  constructor(policy: Policy) {
    this.policy = policy;
    for (const { port } of policy.server) {
      if (this.#ports.has(port)) continue;
      const entries = policy.server.filter(entry => entry.port === port);
      this.#ports.set(port, {
        mode: strictest(entries.map(({ mode }) => mode)),
        allow: new Set(entries.flatMap(({ allow }) => allow.filter(({ mode }) => mode !== 'disabled').map(({ spiffeId }) => spiffeId))),
        plainPorts: entries.flatMap(({ plainPort }) => (plainPort === undefined ? [] : [plainPort])),
      });
    }
    for (const { host, port, mode, spiffeId } of policy.client) {
      const key = callKey(host, port);
      this.#calls.set(key, { spiffeId, mode: strictest([mode, ...(this.#calls.has(key) ? [this.#calls.get(key)?.mode ?? mode] : [])]) });
    }
  }

  /** Whether a caller may use a port (SPEC 3.1). */
  authorize(port: number, identity: PeerIdentity): Decision {
    const rule = this.#ports.get(port);
    if (!rule) return denied('port-not-declared');
    if (rule.mode === 'disabled') return denied('port-disabled');
    if ('spiffeId' in identity && rule.allow.has(identity.spiffeId)) return ALLOWED;
    const code = 'spiffeId' in identity ? 'peer-not-listed' : identity.code;
    return rule.mode === 'audit' ? audited(code) : denied(code);
  }

  /** Whether a call may be made at all, before connecting (SPEC 3.2). */
  mayCall(host: string, port: number): Decision {
    const rule = this.#calls.get(callKey(host, port));
    if (!rule) return denied('call-not-declared');
    return rule.mode === 'disabled' ? denied('call-disabled') : ALLOWED;
  }

  /** Whether a server is the one that a call expects; `named`: its certificate is for the host. */
  authorizeServer(host: string, port: number, identity: PeerIdentity, named: boolean): Decision {
    const may = this.mayCall(host, port);
    const rule = this.#calls.get(callKey(host, port));
    if (!rule || may.decision === 'denied') return may;
    const code = !named
      ? 'peer-name-mismatch'
      : !('spiffeId' in identity)
        ? identity.code
        : identity.spiffeId === rule.spiffeId
          ? undefined
          : 'peer-not-expected';
    if (code === undefined) return ALLOWED;
    return rule.mode === 'audit' ? audited(code) : denied(code);
  }

  /** Mode of a port, if it is declared. */
  modeOf(port: number): Mode | undefined {
    return this.#ports.get(port)?.mode;
  }

  /** Plain listeners that stand beside a port in mode permissive. */
  plainPortsOf(port: number): readonly number[] {
    return this.#ports.get(port)?.plainPorts ?? [];
  }
}

const callKey = (host: string, port: number): string => `${normalHost(host)}:${port}`;
