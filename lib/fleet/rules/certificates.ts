import { isIP } from 'node:net';
import { dnsNameProblem, parseDuration, parseSpiffeId } from '../../pki/index.js';
import { serviceIdentity } from '../identity.js';
import type { Issue, Path } from '../issue.js';
import { CertificateLayers, DEFAULTS } from '../settings.js';
import { show } from '../structure.js';
import type { CertificateSettings, Environment, Fleet, Service } from '../types.js';
import { kindsOf, signerLifetimeSeconds } from './authorities.js';
import { duration, keyRules, keySize, MIN_DURATION_SECONDS, MIN_RENEW_BEFORE_SECONDS } from './durations.js';

/** Fields that name one service: written for many, they would make every service all of them. */
const NAMING_FIELDS = ['dnsNames', 'ipAddresses', 'uris'] as const;

/** Certificates that cert-manager would refuse, that outlive their CA, or that name another service. */
export function* checkCertificates(fleet: Fleet): Iterable<Issue> {
  yield* shared(fleet.certificates, ['certificates']);
  for (const [name, environment] of Object.entries(fleet.environments)) {
    yield* shared(environment.certificates, ['environments', name, 'certificates']);
    for (const [service, override] of Object.entries(environment.services ?? {}))
      yield* settings(override.certificate, ['environments', name, 'services', service, 'certificate']);
  }
  for (const [name, service] of Object.entries(fleet.services)) yield* settings(service.certificate, ['services', name, 'certificate']);
  yield* resolvedRules(fleet);
  yield* identities(fleet);
}

function* shared(given: CertificateSettings | undefined, path: Path): Iterable<Issue> {
  yield* settings(given, path);
  for (const field of NAMING_FIELDS) {
    if (given?.[field] !== undefined)
      yield {
        path: [...path, field],
        atKey: true,
        message: `${field} is written for every service at once`,
        notes: ['each service could then pass for all others: write it under services.<name>.certificate'],
      };
  }
  if (given?.commonName !== undefined && !given.commonName.includes('{fqdn}'))
    yield {
      path: [...path, 'commonName'],
      message: 'commonName is the same for every service',
      notes: ['write "{fqdn}", or move it to services.<name>.certificate'],
    };
}

/** What can be judged of a block alone. */
function* settings(given: CertificateSettings | undefined, path: Path): Iterable<Issue> {
  if (given === undefined) return;
  yield* duration(given.duration, [...path, 'duration'], MIN_DURATION_SECONDS);
  yield* duration(given.renewBefore, [...path, 'renewBefore'], MIN_RENEW_BEFORE_SECONDS);
  yield* keyRules(given.key?.algorithm === undefined ? withoutSize(given) : given.key, [...path, 'key'], 'leaf');
  if (given.renewBefore !== undefined && given.renewBeforePercentage !== undefined)
    yield {
      path: [...path, 'renewBeforePercentage'],
      atKey: true,
      message: 'renewBefore and renewBeforePercentage exclude each other',
      notes: ['remove one of them'],
    };
  if (given.renewBeforePercentage !== undefined && (given.renewBeforePercentage <= 0 || given.renewBeforePercentage >= 100))
    yield {
      path: [...path, 'renewBeforePercentage'],
      message: `renewBeforePercentage is ${given.renewBeforePercentage}`,
      notes: ['expected 1 to 99: the part of the lifetime that remains at renewal'],
    };
  if (typeof given.usages === 'string' && given.usages !== 'graph')
    yield {
      path: [...path, 'usages'],
      message: `usages is ${show(given.usages)}`,
      notes: ['expected "graph" or a list, such as [digital signature, server auth]'],
    };
  if (Array.isArray(given.usages)) {
    const usages: readonly string[] = given.usages;
    for (const [index, usage] of usages.entries()) {
      if (usages.indexOf(usage) !== index)
        yield { path: [...path, 'usages', index], message: `usage "${usage}" is written twice`, notes: ['remove one of them'] };
      if (usage === 'cert sign' || usage === 'crl sign' || usage === 'any')
        yield {
          path: [...path, 'usages', index],
          message: `a service certificate asks for "${usage}"`,
          notes: ['only a certificate authority may sign, and "any" is every usage at once: remove it'],
        };
    }
  }
  for (const [index, name] of (given.dnsNames ?? []).entries()) {
    const problem = dnsNameProblem(name);
    if (problem !== undefined)
      yield {
        path: [...path, 'dnsNames', index],
        message: `DNS name ${show(name)} ${problem}`,
        notes: ['expected a name such as api.example.com'],
      };
  }
  for (const [index, address] of (given.ipAddresses ?? []).entries())
    if (isIP(address) === 0)
      yield {
        path: [...path, 'ipAddresses', index],
        message: `IP address is ${show(address)}`,
        notes: ['expected an IPv4 or IPv6 address without a prefix length'],
      };
  for (const [index, uri] of (given.uris ?? []).entries()) {
    if (uri.startsWith('spiffe:'))
      yield {
        path: [...path, 'uris', index],
        message: `URI ${show(uri)} is a second SPIFFE ID`,
        notes: ['an identity is exactly one: remove it; trustDomain, namespace and serviceAccount make the ID'],
      };
    else if (!URL.canParse(uri))
      yield {
        path: [...path, 'uris', index],
        message: `URI is ${show(uri)}`,
        notes: ['expected an absolute URI such as urn:example:orders'],
      };
  }
}

/** The size is judged against the algorithm that ends up beside it. */
const withoutSize = (given: CertificateSettings): CertificateSettings['key'] => {
  if (given.key === undefined) return undefined;
  const { size: _, ...rest } = given.key;
  return rest;
};

/** What shows only after fleet, environment and service are merged. Each setting is reported once, where it was written. */
function* resolvedRules(fleet: Fleet): Iterable<Issue> {
  const reported = new Set<string>();
  for (const [environment, env] of Object.entries(fleet.environments)) {
    let longest = 0;
    for (const [name, service] of Object.entries(fleet.services)) {
      const layers = new CertificateLayers(fleet, environment, env, name, service);
      const lifetime = layers.get('duration');
      const seconds = parseDuration(lifetime?.value ?? DEFAULTS.duration);
      if (seconds === undefined) continue;
      longest = Math.max(longest, seconds);
      for (const issue of [
        ...renewal(layers, seconds, name),
        ...sizes(layers),
        ...commonName(fleet, env, layers, name, service),
        ...outlives(fleet, env, environment, seconds, lifetime?.path, name),
      ]) {
        const key = `${issue.path.join('/')} ${issue.message.replaceAll(name, '')}`;
        if (!reported.has(key)) yield issue;
        reported.add(key);
      }
    }
    yield* caRules(env, environment, longest);
  }
}

function* renewal(layers: CertificateLayers, seconds: number, name: string): Iterable<Issue> {
  const before = layers.get('renewBefore');
  const percentage = layers.get('renewBeforePercentage');
  const lifetime = layers.get('duration');
  if (before !== undefined) {
    const value = parseDuration(before.value);
    if (value !== undefined && value >= seconds)
      yield {
        path: before.path ?? ['services', name],
        message: `renewBefore is ${before.value}, not shorter than the lifetime of ${lifetime?.value ?? DEFAULTS.duration}`,
        notes: ['a certificate would be renewed without end: write less'],
      };
  } else if (percentage !== undefined && percentage.value > 0 && percentage.value < 100) {
    // the controller renews when pct percent remain; the webhook of every release up to 1.21 computes the complement, so both must hold
    const controller = (seconds * percentage.value) / 100;
    const webhook = (seconds * (100 - percentage.value)) / 100;
    const wrong =
      controller < MIN_RENEW_BEFORE_SECONDS
        ? ['the certificate would be renewed', controller]
        : webhook < MIN_RENEW_BEFORE_SECONDS
          ? ["cert-manager's webhook takes the other part, which leaves", webhook]
          : undefined;
    if (wrong !== undefined)
      yield {
        path: percentage.path ?? ['services', name],
        message: `renewBeforePercentage is ${percentage.value} of ${lifetime?.value ?? DEFAULTS.duration}: ${wrong[0]} ${Math.floor(Number(wrong[1]))} s before its end`,
        notes: ['at least 5m are needed either way: choose a percentage nearer to 33, or a longer duration'],
      };
  }
}

function* sizes(layers: CertificateLayers): Iterable<Issue> {
  const size = layers.key('size');
  const algorithm = layers.key('algorithm');
  if (size?.path !== undefined) yield* keySize(size.value, algorithm?.value ?? 'RSA', size.path);
  const encoding = layers.key('encoding');
  if (algorithm?.value === 'Ed25519' && encoding?.value === 'PKCS1' && encoding.path !== undefined)
    yield { path: encoding.path, message: 'encoding is PKCS1, which Ed25519 keys do not have', notes: ['write PKCS8'] };
}

function* commonName(fleet: Fleet, env: Environment, layers: CertificateLayers, name: string, service: Service): Iterable<Issue> {
  const given = layers.get('commonName');
  if (given?.path === undefined) return;
  const value = given.value.replaceAll('{fqdn}', serviceIdentity(fleet, env, name, service).fqdn);
  const bytes = Buffer.byteLength(value);
  // 64 bytes: RFC 5280 ub-common-name; cert-manager's webhook counts bytes too
  if (bytes > 64)
    yield {
      path: given.path,
      message: `common name of "${name}" has ${bytes} bytes: "${value}"`,
      notes: ['at most 64 are allowed: remove commonName, nobody needs it beside the DNS names'],
    };
  else if (bytes === 0) yield { path: given.path, message: 'commonName is empty', notes: ['remove the key'] };
}

function* outlives(
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
function* caRules(env: Environment, environment: string, longestLeaf: number): Iterable<Issue> {
  if (!('selfSigned' in env.authority)) return;
  const path = ['environments', environment, 'authority', 'selfSigned'];
  const root = env.authority.selfSigned;
  const rootSeconds = parseDuration(root.duration ?? DEFAULTS.rootDuration);
  const signed = root.intermediate === undefined ? longestLeaf : parseDuration(root.intermediate.duration ?? DEFAULTS.intermediateDuration);
  yield* oneCa(root.renewBefore, rootSeconds, signed, path, root.intermediate === undefined ? 'certificates' : 'intermediate');
  if (root.intermediate !== undefined)
    yield* oneCa(root.intermediate.renewBefore, signed, longestLeaf, [...path, 'intermediate'], 'certificates');
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
      message: `the authority is renewed ${hours(before)} before its end, but its ${what} live up to ${hours(longestSigned)}`,
      notes: [`they would outlive it: write at least ${hours(longestSigned)}`],
    };
  if (before >= lifetime) {
    const at = renewBefore === undefined ? { path, atKey: true } : { path: [...path, 'renewBefore'] };
    yield {
      ...at,
      message: `the authority lives ${hours(lifetime)} and would be renewed ${hours(before)} before its end`,
      notes: [`it signs ${what} of up to ${hours(longestSigned)}: give it a longer duration`],
    };
  }
}

/** One identity, one service: the same SPIFFE ID or DNS name twice would let one pass for the other. */
function* identities(fleet: Fleet): Iterable<Issue> {
  for (const [environment, env] of Object.entries(fleet.environments)) {
    const ids = new Map<string, string>();
    const names = new Map<string, string>();
    const secrets = new Map<string, string>();
    for (const [name, service] of Object.entries(fleet.services)) {
      const identity = serviceIdentity(fleet, env, name, service);
      const other = ids.get(identity.spiffeId);
      const at =
        service.serviceAccount === undefined ? { path: ['services', name], atKey: true } : { path: ['services', name, 'serviceAccount'] };
      if (other !== undefined)
        yield {
          ...at,
          message: `services "${other}" and "${name}" have one identity: ${identity.spiffeId}`,
          notes: ['a certificate of one would pass for the other: give each a ServiceAccount of its own'],
        };
      ids.set(identity.spiffeId, name);
      const id = parseSpiffeId(identity.spiffeId);
      if ('problem' in id && !identity.spiffeId.startsWith('spiffe:///'))
        yield {
          path: ['services', name],
          atKey: true,
          message: `SPIFFE ID of "${name}" is ${show(identity.spiffeId)}: ${id.problem}`,
          notes: ['expected only letters, digits, dashes, dots and underscores in its parts'],
        };
      for (const dnsName of identity.dnsNames) names.set(dnsName, name);
      for (const secret of [`${name}-tls`, ...(service.publicCertificate === undefined ? [] : [`${name}-public-tls`])]) {
        const key = `${identity.namespace}/${secret}`;
        const owner = secrets.get(key);
        if (owner !== undefined)
          yield {
            path: ['services', name],
            atKey: true,
            message: `services "${owner}" and "${name}" would both write Secret ${key}`,
            notes: ['rename one of them'],
          };
        secrets.set(key, name);
      }
    }
    for (const [name, external] of Object.entries(fleet.externals ?? {})) {
      const owner = external.spiffeId === undefined ? undefined : ids.get(external.spiffeId);
      if (owner !== undefined)
        yield {
          path: ['externals', name, 'spiffeId'],
          message: `external "${name}" has the identity of service "${owner}"`,
          notes: ['it could pass for that service: give it a SPIFFE ID of its own'],
        };
    }
    for (const [name, service] of Object.entries(fleet.services)) {
      const extra = [...(service.certificate?.dnsNames ?? []).entries()].map(
        ([index, dnsName]) => [['services', name, 'certificate', 'dnsNames', index], dnsName] as const,
      );
      const override = [...(env.services?.[name]?.certificate?.dnsNames ?? []).entries()].map(
        ([index, dnsName]) => [['environments', environment, 'services', name, 'certificate', 'dnsNames', index], dnsName] as const,
      );
      for (const [path, dnsName] of [...extra, ...override]) {
        const owner = names.get(dnsName);
        if (owner !== undefined && owner !== name)
          yield {
            path,
            message: `DNS name "${dnsName}" of "${name}" is a name of service "${owner}"`,
            notes: ['it could pass for that service: remove it'],
          };
      }
    }
  }
}
