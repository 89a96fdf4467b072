import { type Code, MtlsError } from './codes.js';
import { normalHost } from './host-name.js';
import { isWorkload, parseSpiffeId } from './spiffe-id.js';

/** How strictly a port or a call is guarded (SPEC 8). */
export type Mode = 'strict' | 'audit' | 'permissive' | 'disabled';

/** In falling strictness. */
export const MODES: readonly Mode[] = ['strict', 'permissive', 'audit', 'disabled'];

/** `policy.json`, version 1 (`conformance/policy.schema.json`). */
export interface Policy {
  readonly version: 1;
  readonly fleet: string;
  readonly environment: string;
  readonly service: string;
  readonly spiffeId: string;
  readonly mode: Mode;
  readonly server: readonly PolicyServerPort[];
  readonly client: readonly PolicyCall[];
}

export interface PolicyServerPort {
  readonly name: string;
  /** Number on which the process listens. */
  readonly port: number;
  readonly mode: Mode;
  readonly plainPort?: number;
  readonly allow: readonly { readonly spiffeId: string; readonly mode: Mode }[];
}

export interface PolicyCall {
  readonly service: string;
  readonly name: string;
  /** Port of the Service. */
  readonly port: number;
  readonly host: string;
  readonly spiffeId: string;
  readonly mode: Mode;
}

/**
 * Reads policy.json, and refuses whatever the schema does not know: a new meaning needs a new version.
 *
 * @throws MtlsError with code policy-malformed, policy-version, policy-mode or policy-identity
 */
export function parsePolicy(bytes: Uint8Array | string): Policy {
  const value = record(parseJson(bytes), 'the document');
  if (value.version !== 1) throw new MtlsError('policy-version', `policy.json has version ${shown(value.version)}, expected 1`);
  checkStrings(value);
  only(value, ['version', 'fleet', 'environment', 'service', 'spiffeId', 'mode', 'server', 'client'], 'the document');
  const client = list(value, 'client').map(readCall);
  const ids = new Map<string, string>();
  for (const { host, port, spiffeId } of client) {
    const key = `${normalHost(host)}:${port}`;
    if ((ids.get(key) ?? spiffeId) !== spiffeId) throw malformed(`two calls of ${shown(key)} expect different identities`);
    ids.set(key, spiffeId);
  }
  return {
    version: 1,
    fleet: text(value, 'fleet'),
    environment: text(value, 'environment'),
    service: text(value, 'service'),
    spiffeId: text(value, 'spiffeId'),
    mode: text(value, 'mode') as Mode,
    server: list(value, 'server').map(readPort),
    client,
  };
}

type Fields = Readonly<Record<string, unknown>>;

const malformed = (what: string): MtlsError => new MtlsError('policy-malformed', `policy.json: ${what}`);
/** Values as names and IDs have them are shown; what else stands there may be a key that came into the wrong file. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'none';
  return /^["\w.:/@%* -]{0,100}$/.test(text) && !text.includes('-----') ? text : `of type ${typeof value}, not shown here`;
};

function parseJson(bytes: Uint8Array | string): unknown {
  try {
    const json = typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return JSON.parse(json);
  } catch {
    // the parser's own text would repeat the file
    throw malformed('not JSON in UTF-8');
  }
}

/** Modes first, then IDs, wherever they stand: those two have codes of their own. */
function checkStrings(document: Fields): void {
  const rows = [
    document,
    ...rowsOf(document.server),
    ...rowsOf(document.server).flatMap(port => rowsOf(port.allow)),
    ...rowsOf(document.client),
  ];
  for (const { mode } of rows)
    if (typeof mode === 'string' && !(MODES as readonly string[]).includes(mode))
      throw new MtlsError('policy-mode', `policy.json has the unknown mode ${shown(mode)}`);
  for (const { spiffeId } of rows) {
    if (typeof spiffeId !== 'string') continue;
    const id = parseSpiffeId(spiffeId);
    if (!id || !isWorkload(id)) throw new MtlsError('policy-identity', `policy.json has the invalid SPIFFE ID ${shown(spiffeId)}`);
  }
}

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const rowsOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isRecord) : []);

function readPort(value: unknown): PolicyServerPort {
  const fields = only(record(value, 'a server port'), ['name', 'port', 'mode', 'plainPort', 'allow'], 'a server port');
  const allow = list(fields, 'allow').map(entry => {
    const row = only(record(entry, 'an allow entry'), ['spiffeId', 'mode'], 'an allow entry');
    return { spiffeId: text(row, 'spiffeId'), mode: text(row, 'mode') as Mode };
  });
  const plainPort = Object.hasOwn(fields, 'plainPort') ? { plainPort: port(fields, 'plainPort') } : {};
  return { name: text(fields, 'name'), port: port(fields, 'port'), mode: text(fields, 'mode') as Mode, ...plainPort, allow };
}

function readCall(value: unknown): PolicyCall {
  const fields = only(record(value, 'a call'), ['service', 'name', 'port', 'host', 'spiffeId', 'mode'], 'a call');
  return {
    service: text(fields, 'service'),
    name: text(fields, 'name'),
    port: port(fields, 'port'),
    host: text(fields, 'host'),
    spiffeId: text(fields, 'spiffeId'),
    mode: text(fields, 'mode') as Mode,
  };
}

function record(value: unknown, what: string): Fields {
  if (!isRecord(value)) throw malformed(`${what} is no object`);
  return value;
}

function only(fields: Fields, names: readonly string[], what: string): Fields {
  const unknown = Object.keys(fields).find(name => !names.includes(name));
  if (unknown !== undefined) throw malformed(`${what} has the unknown field ${shown(unknown)}`);
  return fields;
}

function text(fields: Fields, name: string): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (typeof value !== 'string' || value === '') throw malformed(`${name} is ${shown(value)}, expected a text`);
  return value;
}

function port(fields: Fields, name: string): number {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 65535)
    throw malformed(`${name} is ${shown(value)}, expected a port number`);
  return value;
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (!Array.isArray(value)) throw malformed(`${name} is ${shown(value)}, expected a list`);
  return value;
}

/** What an authorizer says. `audited`: let through, counted and logged as if denied. */
export type Decision =
  | { readonly decision: 'allowed'; readonly code: 'ok' }
  | { readonly decision: 'audited' | 'denied'; readonly code: Code };

export const ALLOWED: Decision = { decision: 'allowed', code: 'ok' };
export const denied = (code: Code): Decision => ({ decision: 'denied', code });
export const audited = (code: Code): Decision => ({ decision: 'audited', code });
