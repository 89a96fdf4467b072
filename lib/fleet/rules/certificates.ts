import { isIP } from 'node:net';
import { dnsNameProblem, parseDuration } from '../../pki/index.js';
import { type Graph, graphOf } from '../graph.js';
import { serviceIdentity } from '../identity.js';
import type { Issue, Path } from '../issue.js';
import { CertificateLayers, DEFAULTS } from '../settings.js';
import { show } from '../structure.js';
import type { CertificateSettings, Environment, Fleet, Service, Usage } from '../types.js';
import { caRules, outlives } from './authority-lifetimes.js';
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
  for (const [index, country] of (given.subject?.countries ?? []).entries()) {
    if (!/^[A-Z]{2}$/.test(country))
      yield {
        path: [...path, 'subject', 'countries', index],
        message: `country is ${show(country)}`,
        notes: ['expected two capital letters (ISO 3166), such as DE'],
      };
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
  const longestLeaf = new Map<string, number>();
  for (const [environment, env] of Object.entries(fleet.environments)) {
    const graph = graphOf(fleet, env);
    const signer = 'sameAs' in env.authority ? env.authority.sameAs : environment;
    // what services say nothing of is the same for all of them, and judged once
    const sameForAll = [env.certificates, fleet.certificates].every(
      shared => shared?.usages === undefined && shared?.commonName === undefined,
    );
    let judged = false;
    for (const [name, service] of Object.entries(fleet.services)) {
      const own = service.certificate !== undefined || env.services?.[name]?.certificate !== undefined;
      if (!own && judged) continue;
      judged ||= !own && sameForAll;
      const layers = new CertificateLayers(fleet, environment, env, name, service);
      const lifetime = layers.get('duration');
      const seconds = parseDuration(lifetime?.value ?? DEFAULTS.duration);
      if (seconds === undefined) continue;
      longestLeaf.set(signer, Math.max(longestLeaf.get(signer) ?? 0, seconds));
      for (const issue of [
        ...renewal(layers, seconds, name),
        ...sizes(layers),
        ...usages(layers, name, graph),
        ...commonName(fleet, env, layers, name, service),
        ...outlives(fleet, env, environment, seconds, lifetime?.path, name),
      ]) {
        const key = `${issue.path.join('/')} ${issue.notes.join()}`;
        if (!reported.has(key)) yield issue;
        reported.add(key);
      }
    }
  }
  for (const [environment, env] of Object.entries(fleet.environments)) yield* caRules(environment, env, longestLeaf.get(environment) ?? 0);
}

/** Written usages must hold what the calls need: without it every handshake of a declared call fails. */
function* usages(layers: CertificateLayers, name: string, graph: Graph): Iterable<Issue> {
  const given = layers.get('usages');
  if (given === undefined || given.value === 'graph' || given.path === undefined) return;
  const needs: readonly (readonly [Usage, boolean, string])[] = [
    ['client auth', graph.callers.has(name), 'calls others'],
    ['server auth', graph.callees.has(name), 'is called'],
  ];
  for (const [usage, needed, why] of needs) {
    if (needed && !given.value.includes(usage))
      yield {
        path: given.path,
        message: `usages leave out "${usage}", but "${name}" ${why}`,
        notes: [`add "${usage}", or write usages: graph`],
      };
  }
}

function* renewal(layers: CertificateLayers, seconds: number, name: string): Iterable<Issue> {
  const { before, percentage } = layers.renewal();
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
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  else if (/[\u0000-\u001f\u007f]/.test(value))
    yield { path: given.path, message: `common name of "${name}" is ${show(value)}`, notes: ['expected text without control characters'] };
  else if (bytes === 0) yield { path: given.path, message: 'commonName is empty', notes: ['remove the key'] };
}
