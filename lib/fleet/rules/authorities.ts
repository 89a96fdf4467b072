import { dnsNameProblem, isDnsSubdomain, isPublicDnsName, parseDuration } from '../../pki/index.js';
import { list, nearest } from '../did-you-mean.js';
import type { Issue, Path } from '../issue.js';
import { DEFAULTS } from '../settings.js';
import { show } from '../structure.js';
import type { Authority, Environment, Fleet, RootSource, VaultAuthority } from '../types.js';
import { duration, keyRules } from './durations.js';

const KINDS = ['selfSigned', 'existing', 'vault', 'external', 'sameAs'] as const;
export type AuthorityKind = (typeof KINDS)[number];

export const kindsOf = (authority: Authority): AuthorityKind[] => KINDS.filter(kind => kind in authority);

/** Authorities that cert-manager would refuse, or that two environments would share without saying so. */
export function* checkAuthorities(fleet: Fleet): Iterable<Issue> {
  const vaults = new Map<string, string>();
  for (const [name, environment] of Object.entries(fleet.environments)) {
    const path = ['environments', name, 'authority'];
    yield* oneAuthority(fleet, name, environment.authority, path);
    yield* publicAuthority(environment, ['environments', name, 'publicAuthority']);
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
  yield* publicCertificates(fleet);
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
    if (key !== 'inline' && !/^[\w.-]+$/.test(text))
      yield { path: [...path, key], message: `${key} is ${show(text)}`, notes: ['expected letters, digits, dashes, dots and underscores'] };
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

/** Path dialects differ between fields of one issuer: `path` without /v1, `mountPath` with it (cert-manager internal/vault). */
function* vaultRules(vault: VaultAuthority, path: Path): Iterable<Issue> {
  if (!/^https:\/\/[\w.[\]:-]+(?:\/[\w./-]*)?$/.test(vault.server))
    yield {
      path: [...path, 'server'],
      message: `server is ${show(vault.server)}`,
      notes: ['expected https://<host>: without TLS the token and every answer can be read and changed on the way'],
    };
  if (!/^[\w.-]+(?:\/[\w.-]+)*\/sign\/[\w.-]+$/.test(vault.path) || vault.path.startsWith('v1/') || vault.path.split('/').includes('..')) {
    yield {
      path: [...path, 'path'],
      message: `path is ${show(vault.path)}`,
      notes: [
        'expected <mount>/sign/<role>, without /v1 and without a slash in front: issue would make a key of its own, sign-verbatim skips the role',
      ],
    };
  }
  if (vault.caBundle !== undefined && vault.caBundleSecret !== undefined)
    yield {
      path: [...path, 'caBundle'],
      atKey: true,
      message: 'caBundle and caBundleSecret exclude each other',
      notes: ['remove one of them'],
    };
  if (vault.caBundle !== undefined && !Buffer.from(vault.caBundle, 'base64').toString('latin1').includes('-----BEGIN CERTIFICATE-----')) {
    yield {
      path: [...path, 'caBundle'],
      message: 'caBundle is no base64 of a PEM certificate',
      notes: ['make it with: base64 -w0 ca.pem'],
    };
  }
  const auth = vault.auth;
  const kinds = ['kubernetes', 'appRole'].filter(kind => kind in auth);
  if (kinds.length !== 1)
    yield {
      path: [...path, 'auth'],
      message: kinds.length === 0 ? 'auth is empty' : 'auth has two methods: kubernetes, appRole',
      notes: ['expected exactly one of: kubernetes, appRole'],
    };
  if ('kubernetes' in auth && auth.kubernetes.mountPath !== undefined && !/^\/v1\/auth\/[\w./-]+$/.test(auth.kubernetes.mountPath)) {
    yield {
      path: [...path, 'auth', 'kubernetes', 'mountPath'],
      message: `mountPath is ${show(auth.kubernetes.mountPath)}`,
      notes: ['expected /v1/auth/<mount>: this field, unlike path, has /v1 in it'],
    };
  }
  // these end in files that a person pastes into a shell or gives to Vault
  const words: readonly (readonly [string | undefined, Path])[] = [
    [vault.namespace, [...path, 'namespace']],
    ...('kubernetes' in auth
      ? ([
          [auth.kubernetes.role, [...path, 'auth', 'kubernetes', 'role']],
          [auth.kubernetes.serviceAccount, [...path, 'auth', 'kubernetes', 'serviceAccount']],
        ] as const)
      : ([[auth.appRole?.path, [...path, 'auth', 'appRole', 'path']]] as const)),
  ];
  for (const [word, at] of words) {
    if (word !== undefined && !/^[\w./-]+$/.test(word))
      yield {
        path: at,
        message: `${String(at.at(-1))} is ${show(word)}`,
        notes: ['expected letters, digits, dashes, dots, underscores and slashes'],
      };
  }
  if ('appRole' in auth && auth.appRole.path !== undefined && /^\/|^v1\/|^auth\//.test(auth.appRole.path)) {
    yield {
      path: [...path, 'auth', 'appRole', 'path'],
      message: `path of appRole is ${show(auth.appRole.path)}`,
      notes: ['expected the bare mount, such as approle'],
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

function* publicAuthority(environment: Environment, path: Path): Iterable<Issue> {
  const acme = environment.publicAuthority?.acme;
  if (acme === undefined) return;
  if (!/^https:\/\/[^\s/]+/.test(acme.server))
    yield {
      path: [...path, 'acme', 'server'],
      message: `server is ${show(acme.server)}`,
      notes: ['expected the https:// address of an ACME directory'],
    };
  if (!/^[^\s@]+@[^\s@]+$/.test(acme.email))
    yield { path: [...path, 'acme', 'email'], message: `email is ${show(acme.email)}`, notes: ['expected an address that somebody reads'] };
  for (const [index, solver] of acme.solvers.entries()) {
    const kinds = ['http01', 'dns01'].filter(kind => kind in solver);
    if (kinds.length !== 1)
      yield {
        path: [...path, 'acme', 'solvers', index],
        message: `solver ${index + 1} has ${kinds.length === 0 ? 'neither http01 nor dns01' : 'http01 and dns01'}`,
        notes: ['expected exactly one of them'],
      };
  }
}

function* publicCertificates(fleet: Fleet): Iterable<Issue> {
  const environments = Object.entries(fleet.environments);
  for (const [name, service] of Object.entries(fleet.services)) {
    const certificate = service.publicCertificate;
    if (certificate === undefined) continue;
    const path = ['services', name, 'publicCertificate'];
    if (!environments.some(([, environment]) => environment.publicAuthority !== undefined)) {
      yield {
        path,
        atKey: true,
        message: `service "${name}" wants a public certificate, but no environment has a publicAuthority`,
        notes: ['write publicAuthority: { acme: ... } in the environment that has one'],
      };
    }
    const forbidden = certificate.usages?.indexOf('client auth') ?? -1;
    if (forbidden >= 0)
      yield {
        path: [...path, 'usages', forbidden],
        message: 'a public certificate asks for client auth',
        notes: ["public authorities no longer sign client certificates: remove it; the fleet's own certificate has it"],
      };
    for (const [index, dnsName] of certificate.dnsNames.entries()) yield* publicName(fleet, dnsName, [...path, 'dnsNames', index]);
  }
}

function* publicName(fleet: Fleet, dnsName: string, path: Path): Iterable<Issue> {
  const problem = dnsNameProblem(dnsName);
  if (problem !== undefined) {
    yield { path, message: `DNS name ${show(dnsName)} ${problem}`, notes: ['expected a public name such as www.example.com'] };
    return;
  }
  const environments = Object.entries(fleet.environments);
  const domains = [
    fleet.clusterDomain ?? DEFAULTS.clusterDomain,
    ...environments.flatMap(([, environment]) => environment.clusterDomain ?? []),
  ];
  if (!domains.every(domain => isPublicDnsName(dnsName, domain)))
    yield {
      path,
      message: `public certificate for ${show(dnsName)}, an internal name`,
      notes: ['no ACME authority can sign it, and asking publishes it in transparency logs: use a public name'],
    };
  const unable = environments.find(([, { publicAuthority }]) => publicAuthority?.acme.solvers.every(solver => !('dns01' in solver)));
  if (dnsName.startsWith('*.') && unable !== undefined)
    yield {
      path,
      message: `public certificate for ${show(dnsName)}, but environment "${unable[0]}" has no dns01 solver`,
      notes: ['ACME proves wildcards by dns01 only: add such a solver, or write the names out'],
    };
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
