import { statSync } from 'node:fs';
import { MtlsError } from './codes.js';
import { MODES, type Mode } from './policy.js';

/** Times and sizes; their defaults stand in `conformance/settings.json`, which a test compares with this. */
export interface Timings {
  /** Milliseconds between looks at the files, give or take `pollJitter`. */
  readonly pollIntervalMs: number;
  /** Fraction by which each interval is longer or shorter at random, so that replicas don't read at once. */
  readonly pollJitter: number;
  /** Milliseconds without an event of the watch before a look. */
  readonly debounceMs: number;
  /** Milliseconds after the first event at which a look is made anyway. */
  readonly debounceMaxMs: number;
  readonly tornReadRetries: number;
  readonly tornReadDelayMs: number;
  /** Milliseconds to wait for the first valid generation. */
  readonly firstGenerationDeadlineMs: number;
  readonly retryInitialMs: number;
  readonly retryMaxMs: number;
  readonly maxFileBytes: number;
  readonly maxChainCertificates: number;
  readonly handshakeTimeoutMs: number;
  /** Milliseconds between a swap and the end of connections that it left without trust. */
  readonly drainGraceMs: number;
  /** Rows of the metric of denials before the peer becomes "other". */
  readonly maxDenialSeries: number;
  readonly maxLogTextLength: number;
}

export const DEFAULTS: Timings = {
  pollIntervalMs: 10_000,
  pollJitter: 0.1,
  debounceMs: 100,
  debounceMaxMs: 500,
  tornReadRetries: 10,
  tornReadDelayMs: 10,
  firstGenerationDeadlineMs: 30_000,
  retryInitialMs: 100,
  retryMaxMs: 2_000,
  maxFileBytes: 1_048_576,
  maxChainCertificates: 10,
  handshakeTimeoutMs: 5_000,
  drainGraceMs: 30_000,
  maxDenialSeries: 200,
  maxLogTextLength: 256,
};

export const DEFAULT_MIN_VERSION: MinVersion = 'TLSv1.3';

export type MinVersion = 'TLSv1.2' | 'TLSv1.3';

/** Where the files are. */
export interface Paths {
  readonly certPath: string;
  /** May be the same file as `certPath`. */
  readonly keyPath: string;
  readonly caPath: string;
  /** Undefined: this process has no policy. */
  readonly policyPath: string | undefined;
}

export interface EnvironmentSettings extends Paths {
  readonly mode: Mode;
}

/** Variables and their defaults. */
export const ENVIRONMENT = {
  MTLS_ENABLED: 'true',
  MTLS_MODE: 'strict',
  MTLS_CERT_PATH: '/etc/sentinel/certs/tls.crt',
  MTLS_KEY_PATH: '/etc/sentinel/certs/tls.key',
  MTLS_CA_CERT_PATH: '/etc/sentinel/certs/ca.crt',
  MTLS_POLICY_PATH: '/etc/sentinel/certs/policy.json',
} as const;

const ON = ['true', '1', 'yes', 'on'];
const OFF = ['false', '0', 'no', 'off'];

/**
 * Reads the MTLS_ variables. A typing error never turns anything off.
 *
 * @throws MtlsError with code setting-invalid
 */
export function settingsFromEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): EnvironmentSettings {
  const value = (name: keyof typeof ENVIRONMENT): string => {
    const text = env[name];
    if (text === '') throw invalid(name, text, 'a value, or no variable at all');
    return text ?? ENVIRONMENT[name];
  };
  const enabled = value('MTLS_ENABLED').toLowerCase();
  if (![...ON, ...OFF].includes(enabled)) throw invalid('MTLS_ENABLED', enabled, 'true or false');
  const mode = MODES.find(known => known === value('MTLS_MODE'));
  if (!mode) throw invalid('MTLS_MODE', value('MTLS_MODE'), 'strict, audit, permissive or disabled');
  if (mode === 'disabled' && ON.includes(enabled)) throw invalid('MTLS_MODE', mode, 'another mode, or MTLS_ENABLED=false beside it');
  return {
    mode: OFF.includes(enabled) ? 'disabled' : mode,
    certPath: value('MTLS_CERT_PATH'),
    keyPath: value('MTLS_KEY_PATH'),
    caPath: value('MTLS_CA_CERT_PATH'),
    policyPath: env.MTLS_POLICY_PATH === undefined ? fileIfThere(ENVIRONMENT.MTLS_POLICY_PATH) : value('MTLS_POLICY_PATH'),
  };
}

const fileIfThere = (path: string): string | undefined => (statSync(path, { throwIfNoEntry: false }) ? path : undefined);

const invalid = (name: string, found: string, expected: string): MtlsError =>
  new MtlsError('setting-invalid', `${name} is ${JSON.stringify(found.slice(0, 64))}, expected ${expected}`);

/** @throws MtlsError with code setting-invalid for a time or size that is no number of its kind */
export function timingsOf(given: Partial<Timings>): Timings {
  const timings = { ...DEFAULTS, ...given };
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULTS, name)) throw invalid(name, String(value), 'one of the known times and sizes');
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw invalid(name, String(value), 'a number from 0 on');
  }
  // 0 would be a busy loop
  if (timings.pollIntervalMs < 10) throw invalid('pollIntervalMs', String(timings.pollIntervalMs), '10 or more');
  if (timings.handshakeTimeoutMs < 1) throw invalid('handshakeTimeoutMs', String(timings.handshakeTimeoutMs), '1 or more');
  return timings;
}
