import { parseDuration } from '../../pki/index.js';
import type { Issue, Path } from '../issue.js';
import { DEFAULTS } from '../settings.js';
import type { Environment, Fleet } from '../types.js';
import { kindsOf, signerLifetimeSeconds } from './authorities.js';

/** A certificate that the authority can't cover to its end. */
export function* outlives(
  fleet: Fleet,
  env: Environment,
  environment: string,
  seconds: number,
  path: Path | undefined,
  name: string,
): Iterable<Issue> {
  const authority = 'sameAs' in env.authority ? fleet.environments[env.authority.sameAs]?.authority : env.authority;
  const signer = authority === undefined || kindsOf(authority).length !== 1 ? undefined : signerLifetimeSeconds(authority, DEFAULTS);
  if (signer !== undefined && seconds > signer)
    yield {
      path: path ?? ['environments', environment, 'authority'],
      message: `certificate of "${name}" lives longer than the authority of "${environment}" that signs it`,
      notes: [`it lives ${hours(seconds)}, the authority ${hours(signer)}: shorten the certificate, or lengthen the authority`],
    };
}

const hours = (seconds: number): string => `${Math.round(seconds / 36) / 100}h`;

/** A CA is renewed at the latest when its longest leaf could still be issued and live out its time. */
export function* caRules(environment: string, env: Environment, longestLeaf: number): Iterable<Issue> {
  if (!('selfSigned' in env.authority)) return;
  const path = ['environments', environment, 'authority', 'selfSigned'];
  const root = env.authority.selfSigned;
  const rootSeconds = parseDuration(root.duration ?? DEFAULTS.rootDuration);
  const signed = root.intermediate === undefined ? longestLeaf : parseDuration(root.intermediate.duration ?? DEFAULTS.intermediateDuration);
  yield* oneCa(root.renewBefore, rootSeconds, signed, path, root.intermediate === undefined ? 'certificates live' : 'intermediate lives');
  if (root.intermediate !== undefined)
    yield* oneCa(root.intermediate.renewBefore, signed, longestLeaf, [...path, 'intermediate'], 'certificates live');
}

function* oneCa(
  renewBefore: string | undefined,
  lifetime: number | undefined,
  longestSigned: number | undefined,
  path: Path,
  what: string,
): Iterable<Issue> {
  if (lifetime === undefined || longestSigned === undefined) return;
  const before = renewBefore === undefined ? longestSigned : parseDuration(renewBefore);
  if (before === undefined) return;
  if (renewBefore !== undefined && before < longestSigned)
    yield {
      path: [...path, 'renewBefore'],
      message: `the authority is renewed ${hours(before)} before its end, but its ${what} up to ${hours(longestSigned)}`,
      notes: [`they would outlive it: write at least ${hours(longestSigned)}`],
    };
  if (before >= lifetime) {
    const at = renewBefore === undefined ? { path, atKey: true } : { path: [...path, 'renewBefore'] };
    yield {
      ...at,
      message: `the authority lives ${hours(lifetime)} and would be renewed ${hours(before)} before its end`,
      notes: [`its ${what} up to ${hours(longestSigned)}: give it a longer duration`],
    };
  }
}
