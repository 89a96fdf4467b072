import { isDnsSubdomain, parseDuration } from '../../pki/index.js';
import { list, nearest } from '../did-you-mean.js';
import type { Issue, Path } from '../issue.js';
import { show } from '../structure.js';
import type { Authority, Environment, Fleet, RootSource } from '../types.js';
import { duration, keyRules } from './durations.js';
import { DATA_KEY_EXPECTED, isDataKey, vaultRules } from './vault.js';

const KINDS = ['selfSigned', 'existing', 'vault', 'external', 'sameAs'] as const;
export type AuthorityKind = (typeof KINDS)[number];

export const kindsOf = (authority: Authority): AuthorityKind[] => KINDS.filter(kind => kind in authority);

/** Authorities that cert-manager would refuse, or that two environments would share without saying so. */
export function* checkAuthorities(fleet: Fleet): Iterable<Issue> {
  const vaults = new Map<string, string>();
  for (const [name, environment] of Object.entries(fleet.environments)) {
    const path = ['environments', name, 'authority'];
    yield* oneAuthority(fleet, name, environment.authority, path);
    yield* otherIssuers(fleet, environment, ['environments', name, 'issuance', 'otherIssuers']);
    if ('vault' in environment.authority) {
      const { server, namespace = '', path: role } = environment.authority.vault;
      const key = `${server.replace(/\/+$/, '')} ${namespace} ${role.split('/')[0] ?? ''}`;
      const other = vaults.get(key);
      if (other !== undefined)
        yield {
          path: [...path, 'vault', 'path'],
          message: `environments "${other}" and "${name}" share the authority ${server} ${role.split('/')[0] ?? ''}`,
          notes: ['give each its own mount, or write sameAs to share on purpose', `authority: { sameAs: ${other} }`],
        };
      vaults.set(key, name);
    }
  }
}

function* oneAuthority(fleet: Fleet, name: string, authority: Authority, path: Path): Iterable<Issue> {
  const kinds = kindsOf(authority);
  if (kinds.length !== 1) {
    const message =
      kinds.length === 0
        ? `environment "${name}" does not say who signs`
        : `environment "${name}" has ${kinds.length} authorities: ${kinds.join(', ')}`;
    yield { path, atKey: true, message, notes: [`expected exactly one of: ${KINDS.join(', ')}`] };
    return;
  }
  if ('sameAs' in authority) {
    const target = authority.sameAs;
    const others = Object.keys(fleet.environments).filter(other => other !== name);
    if (target === name || !Object.hasOwn(fleet.environments, target)) {
      const guess = nearest(target, others);
      yield {
        path: [...path, 'sameAs'],
        message: `authority is the same as that of "${target}", ${target === name ? 'which is this environment' : 'which does not exist'}`,
        notes: [`other environments: ${list(others)}`, ...(guess === undefined ? [] : [`write "${guess}"`])],
      };
    } else if ('sameAs' in (fleet.environments[target]?.authority ?? {})) {
      yield {
        path: [...path, 'sameAs'],
        message: `authority is the same as that of "${target}", which itself points elsewhere`,
        notes: ['name the environment that has the authority'],
      };
    }
    for (const key of ['namespaced', 'roots'] as const)
      if (authority[key] !== undefined)
        yield {
          path: [...path, key],
          atKey: true,
          message: `${key} stands beside sameAs`,
          notes: [`it is taken from "${target}": remove it here`],
        };
    return;
  }
  if ('selfSigned' in authority) {
    const settings = authority.selfSigned;
    for (const [ca, at] of [
      [settings, [...path, 'selfSigned']],
      [settings.intermediate, [...path, 'selfSigned', 'intermediate']],
    ] as const) {
      if (ca === undefined) continue;
      yield* duration(ca.duration, [...at, 'duration'], 3600);
      yield* duration(ca.renewBefore, [...at, 'renewBefore'], 300);
      yield* keyRules(ca.key, [...at, 'key'], 'ca');
      if (ca.commonName !== undefined && (ca.commonName === '' || Buffer.byteLength(ca.commonName) > 64))
        yield {
          path: [...at, 'commonName'],
          message: `commonName has ${Buffer.byteLength(ca.commonName)} bytes`,
          notes: ['expected 1 to 64 bytes (RFC 5280)'],
        };
    }
    if (authority.roots !== undefined)
      yield {
        path: [...path, 'roots'],
        atKey: true,
        message: 'roots stands beside selfSigned',
        notes: ['the fleet makes this root and distributes it: remove roots'],
      };
  }
  if ('existing' in authority && !isDnsSubdomain(authority.existing.secretName))
    yield {
      path: [...path, 'existing', 'secretName'],
      message: `secretName is ${show(authority.existing.secretName)}`,
      notes: ['expected the name of a Secret alone: it is looked for in the namespace of cert-manager, or of a namespaced Issuer'],
    };
  if ('existing' in authority) yield* duration(authority.existing.lifetime, [...path, 'existing', 'lifetime'], 3600);
  if ('vault' in authority) yield* vaultRules(authority.vault, [...path, 'vault']);
  if ('external' in authority && !(isDnsSubdomain(authority.external.name) && /^[A-Z][A-Za-z0-9]*$/.test(authority.external.kind)))
    yield {
      path: [...path, 'external'],
      message: `external issuer is ${show(`${authority.external.kind}/${authority.external.name}`)}`,
      notes: ['expected a kind such as AWSPCAClusterIssuer and the name of an issuer'],
    };
  if ('external' in authority && (authority.external.group === 'cert-manager.io' || !authority.external.group.includes('.'))) {
    yield {
      path: [...path, 'external', 'group'],
      message: `group of the external issuer is ${show(authority.external.group)}`,
      notes: ['expected the API group of another controller, such as awspca.cert-manager.io'],
    };
  }
  if (('vault' in authority || 'external' in authority) && authority.roots === undefined) {
    yield {
      path,
      atKey: true,
      message: `environment "${name}" does not say which roots its services trust`,
      notes: ['write roots: { configMap: <name>, key: ca.crt } in the namespace of trust-manager, or roots: { inline: <PEM> }'],
    };
  }
  if (authority.roots !== undefined) yield* rootRules(authority.roots, [...path, 'roots']);
}

function* rootRules(roots: RootSource, path: Path): Iterable<Issue> {
  for (const [key, text] of Object.entries(roots) as readonly (readonly [string, string])[]) {
    if (key !== 'inline' && !(key === 'key' ? isDataKey(text) : isDnsSubdomain(text)))
      yield {
        path: [...path, key],
        message: `${key} is ${show(text)}`,
        notes: [key === 'key' ? DATA_KEY_EXPECTED : 'expected a name alone: lower-case letters, digits, dashes and dots'],
      };
  }
  const kinds = ['configMap', 'secret', 'inline'].filter(kind => kind in roots);
  if (kinds.length !== 1)
    yield {
      path,
      message: kinds.length === 0 ? 'roots has no source' : `roots has ${kinds.length} sources: ${kinds.join(', ')}`,
      notes: ['expected exactly one of: configMap, secret, inline'],
    };
  if ('inline' in roots) {
    if (roots.inline.includes('PRIVATE KEY'))
      yield {
        path: [...path, 'inline'],
        message: 'inline holds a private key',
        notes: ['a trust bundle holds certificates only: remove the key from this file and treat it as leaked'],
      };
    else if (!roots.inline.includes('-----BEGIN CERTIFICATE-----'))
      yield {
        path: [...path, 'inline'],
        message: 'inline holds no PEM certificate',
        notes: ['expected a block that starts with -----BEGIN CERTIFICATE-----'],
      };
  }
}

/** A policy that lets another issuer go on must not let this fleet's own sign for everybody. */
function* otherIssuers(fleet: Fleet, environment: Environment, path: Path): Iterable<Issue> {
  if (typeof environment.issuance !== 'object') return;
  const own = ['ca-issuer', 'root-issuer', 'selfsigned-issuer', 'acme-issuer'].map(name => `${fleet.fleet}-${name}`);
  const external = 'external' in environment.authority ? environment.authority.external : undefined;
  for (const [index, { name, kind, group = 'cert-manager.io' }] of environment.issuance.otherIssuers.entries()) {
    const ours =
      external === undefined || group === 'cert-manager.io'
        ? group === 'cert-manager.io' && own.includes(name)
        : external.name === name && external.group === group;
    if (ours)
      yield {
        path: [...path, index, 'name'],
        message: `${kind} ${show(name)} signs this fleet's certificates`,
        notes: ['everybody could obtain every identity from it: take it out of the list'],
      };
    else if (!isDnsSubdomain(name))
      yield {
        path: [...path, index, 'name'],
        message: `name of the issuer is ${show(name)}`,
        notes: ["expected the name of one issuer; a pattern could cover this fleet's own"],
      };
  }
}

/** Seconds that the signer of the leaves lives, where that is known. */
export function signerLifetimeSeconds(
  authority: Authority,
  defaults: { readonly rootDuration: string; readonly intermediateDuration: string },
): number | undefined {
  if ('existing' in authority) return authority.existing.lifetime === undefined ? undefined : parseDuration(authority.existing.lifetime);
  if (!('selfSigned' in authority)) return undefined;
  const { intermediate, duration: root } = authority.selfSigned;
  return parseDuration(
    intermediate === undefined ? (root ?? defaults.rootDuration) : (intermediate.duration ?? defaults.intermediateDuration),
  );
}
