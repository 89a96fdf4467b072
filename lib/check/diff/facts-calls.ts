import type { KubernetesObject } from '../../objects/index.js';
import { modeRank } from './effect.js';
import type { Names } from './names.js';
import type { PolicyOf } from './policies.js';
import type { Fact, Field } from './types.js';

/** A call as the two processes at its ends know it. */
interface Call {
  readonly admits?: string;
  readonly calls?: { readonly mode: string; readonly address: string; readonly expects: string };
  readonly sources: readonly string[];
}

/** Who may call which port over TLS, from the allow-list of the callee and from the caller's own list. */
export function callFacts(policies: readonly PolicyOf[], names: Names, sourceOf: (object: KubernetesObject) => string): readonly Fact[] {
  const calls = new Map<string, Call>();
  const add = (call: string, part: Omit<Call, 'sources'>, object: KubernetesObject): void => {
    const known = calls.get(call);
    calls.set(call, { ...known, ...part, sources: [...(known?.sources ?? []), sourceOf(object)] });
  };
  for (const { policy, object } of policies) {
    for (const { name, allow } of policy.server)
      for (const { spiffeId, mode } of allow) add(`${names.identity(spiffeId)} → ${policy.service}:${name}`, { admits: mode }, object);
    for (const { service, name, port, host, spiffeId, mode } of policy.client)
      add(
        `${policy.service} → ${service}:${name}`,
        { calls: { mode, address: `${host}:${port}`, expects: names.identity(spiffeId) } },
        object,
      );
  }
  return [...calls].map(([call, { admits, calls: caller, sources }]) => ({
    section: 'calls',
    key: call,
    subject: call,
    appears: 'weaker',
    fields: [
      ...modes(admits, caller?.mode),
      { name: 'known to', items: ends(admits, caller), grows: 'weaker' },
      ...(caller ? peer(caller) : []),
    ],
    sources,
  }));
}

/** What the server does decides; the caller's own mode is said where it is another. */
function modes(admits: string | undefined, calls: string | undefined): readonly Field[] {
  const mode = (name: string, value: string): Field => ({ name, value, rank: modeRank(value), effect: 'review' });
  if (admits === undefined || calls === undefined || admits === calls) return [mode('mode', admits ?? calls ?? '')];
  return [mode('mode', admits), mode('mode of the caller', calls)];
}

const ends = (admits: string | undefined, caller: Call['calls']): readonly string[] => [
  ...(admits === undefined ? [] : ['the callee']),
  ...(caller === undefined ? [] : ['the caller']),
];

const peer = ({ address, expects }: NonNullable<Call['calls']>): readonly Field[] => [
  { name: 'address', value: address, effect: 'review' },
  { name: 'expected identity', value: expects, effect: 'review' },
];

/** What each process does at its ports, and as whom. */
export function portFacts({ policy, object }: PolicyOf, sourceOf: (object: KubernetesObject) => string): readonly Fact[] {
  const { service, spiffeId, mode, fleet, environment } = policy;
  const sources = [sourceOf(object)];
  const process: Fact = {
    section: 'ports',
    key: service,
    subject: service,
    appears: 'none',
    fields: [
      { name: 'mode', value: mode, rank: modeRank(mode), effect: 'review' },
      { name: 'identity', value: spiffeId, effect: 'review' },
      { name: 'fleet', value: fleet, effect: 'review' },
      { name: 'environment', value: environment, effect: 'none' },
    ],
    sources,
  };
  const ports = policy.server.map(
    ({ name, port, mode: portMode, plainPort }): Fact => ({
      section: 'ports',
      key: `${service}:${name}`,
      subject: `${service}:${name}`,
      appears: portMode === 'strict' ? 'none' : 'weaker',
      fields: [
        { name: 'mode', value: portMode, rank: modeRank(portMode), effect: 'review' },
        { name: 'port', value: String(port), effect: 'review' },
        { name: 'port without TLS', items: plainPort === undefined ? [] : [String(plainPort)], grows: 'weaker' },
      ],
      sources,
    }),
  );
  return [process, ...ports];
}
