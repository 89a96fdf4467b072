import type { Policy, PolicyClientPeer, PolicyServerPort } from '../../fleet/policy.js';
import type { Mode } from '../../fleet/types.js';
import { isRecord } from '../../objects/index.js';
import { parseSpiffeId } from '../../pki/index.js';

const MODES: ReadonlySet<string> = new Set<Mode>(['strict', 'permissive', 'audit', 'disabled']);

/** A policy.json that a process must not follow: it then refuses everybody. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code = 'POLICY_UNREADABLE';
}

/**
 * Reads policy.json as strictly as a runtime must.
 *
 * @throws PolicyError for another version, an unknown mode, or a field that is missing or of another type
 */
export function parsePolicy(text: string): Policy {
  const value = parseJson(text);
  if (value.version !== 1) throw new PolicyError(`policy.json has version ${JSON.stringify(value.version) ?? 'none'}, expected 1`);
  return {
    version: 1,
    fleet: readText(value, 'fleet'),
    environment: readText(value, 'environment'),
    service: readText(value, 'service'),
    spiffeId: readSpiffeId(value),
    mode: readMode(value),
    server: readList(value, 'server').map(readServerPort),
    client: readList(value, 'client').map(readClientPeer),
  };
}

/** What the authorizer of a server port says of a caller that passed the handshake. */
export type Verdict = { readonly allowed: boolean; readonly audited: boolean; readonly reason: string };

/** An empty allow-list denies everybody; mode audit lets everybody through and counts. */
export function authorize(port: PolicyServerPort, peer: { readonly spiffeId: string } | { readonly problem: string }): Verdict {
  const known = 'spiffeId' in peer ? port.allow.some(({ spiffeId, mode }) => spiffeId === peer.spiffeId && mode !== 'disabled') : false;
  if (known && 'spiffeId' in peer) return { allowed: true, audited: false, reason: `${peer.spiffeId} is in the allow-list of policy.json` };
  const reason = 'problem' in peer ? peer.problem : `${peer.spiffeId} is not in the allow-list of policy.json`;
  return port.mode === 'audit' ? { allowed: true, audited: true, reason } : deny(reason);
}

export const deny = (reason: string): Verdict => ({ allowed: false, audited: false, reason });

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PolicyError('policy.json is not valid JSON');
  }
  if (!isRecord(value)) throw new PolicyError('policy.json is no object');
  return value;
}

function readServerPort(value: unknown): PolicyServerPort {
  if (!isRecord(value)) throw new PolicyError('policy.json has a server port that is no object');
  const plainPort = value.plainPort === undefined ? {} : { plainPort: readNumber(value, 'plainPort') };
  const allow = readList(value, 'allow').map(entry => {
    if (!isRecord(entry)) throw new PolicyError('policy.json has an allow entry that is no object');
    return { spiffeId: readSpiffeId(entry), mode: readMode(entry) };
  });
  return { name: readText(value, 'name'), port: readNumber(value, 'port'), mode: readMode(value), ...plainPort, allow };
}

function readClientPeer(value: unknown): PolicyClientPeer {
  if (!isRecord(value)) throw new PolicyError('policy.json has a client entry that is no object');
  return {
    service: readText(value, 'service'),
    name: readText(value, 'name'),
    port: readNumber(value, 'port'),
    host: readText(value, 'host'),
    spiffeId: readSpiffeId(value),
    mode: readMode(value),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function readText(value: Fields, field: string): string {
  const text = value[field];
  if (typeof text !== 'string' || text === '') throw new PolicyError(`policy.json has no text ${field}`);
  return text;
}

function readNumber(value: Fields, field: string): number {
  const number = value[field];
  if (typeof number !== 'number' || !Number.isInteger(number)) throw new PolicyError(`policy.json has no number ${field}`);
  return number;
}

function readList(value: Fields, field: string): readonly unknown[] {
  const list = value[field];
  if (!Array.isArray(list)) throw new PolicyError(`policy.json has no list ${field}`);
  return list;
}

function readMode(value: Fields): Mode {
  const mode = readText(value, 'mode');
  if (!MODES.has(mode)) throw new PolicyError(`policy.json has the unknown mode ${JSON.stringify(mode)}`);
  return mode as Mode;
}

function readSpiffeId(value: Fields): string {
  const parsed = parseSpiffeId(readText(value, 'spiffeId'));
  if ('problem' in parsed) throw new PolicyError(`policy.json has a spiffeId that ${parsed.problem}`);
  return parsed.id;
}
