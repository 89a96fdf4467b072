import type { Plan } from '../../../lib/fleet/plan';
import type { KubernetesObject } from '../../../lib/objects';
import type { Yaml } from './_oracle-network';

/**
 * Who gets past whose handshake, from raw Certificates, issuers, the bundle and policy.json: written without a look at
 * lib/check/identity. The real handshakes are held against both.
 */
export function identityRelation(objects: readonly KubernetesObject[], plan: Plan): ReadonlySet<string> {
  const trusted = trustedRoots(objects, plan);
  const parties = new Map(plan.services.map(service => [service.name, partyOf(objects, plan, service)]));
  const open = new Set<string>();
  const externals = plan.externals.flatMap(({ spiffeId }) => spiffeId ?? []);
  for (const service of plan.services) {
    const server = parties.get(service.name);
    if (!server?.certificate) continue;
    for (const port of service.ports.filter(({ tls, mode }) => tls && mode !== 'disabled')) {
      const entry = server.policy?.server?.find((each: Yaml) => each.name === port.name && each.port === port.targetPort);
      if (!entry || entry.mode === 'disabled') continue;
      const serves = trusted.has(server.root ?? '') && plays(server.certificate, 'server auth');
      const listed: string[] = entry.allow.filter((each: Yaml) => each.mode !== 'disabled').map((each: Yaml) => each.spiffeId);
      for (const caller of plan.services) {
        const client = parties.get(caller.name);
        if (!client?.certificate || !serves || !trusted.has(client.root ?? '') || !plays(client.certificate, 'client auth')) continue;
        const admitted = entry.mode === 'audit' || (client.id !== undefined && listed.includes(client.id));
        if (!admitted) continue;
        const isDeclared = plan.edges.some(edge => edge.caller === caller.name && edge.callee === service.name && edge.port === port.name);
        // an undeclared caller checks nothing; a declared one follows its own list
        const call = client.policy?.client?.find((each: Yaml) => each.service === service.name && each.name === port.name);
        const follows =
          call && call.mode !== 'disabled' && covers(server.certificate.spec.dnsNames ?? [], call.host) && server.id === call.spiffeId;
        if (isDeclared ? follows : caller !== service) open.add(`${caller.name} → ${service.name}:${port.name}`);
      }
      const known = new Set([...parties.values()].map(({ id }) => id));
      if (serves)
        for (const id of [...listed, ...externals])
          if (!known.has(id) && (listed.includes(id) || entry.mode === 'audit')) open.add(`${id} → ${service.name}:${port.name}`);
    }
  }
  return open;
}

interface Party {
  readonly certificate: Yaml | undefined;
  readonly policy: Yaml | undefined;
  readonly root: string | undefined;
  readonly id: string | undefined;
}

function partyOf(objects: readonly KubernetesObject[], plan: Plan, service: Plan['services'][number]): Party {
  const certificate = objects.find(
    object =>
      object.apiVersion.startsWith('cert-manager.io/') &&
      object.kind === 'Certificate' &&
      object.metadata.namespace === service.namespace &&
      (object as Yaml).spec?.secretName === service.certificate.secretName,
  ) as Yaml;
  const ids: string[] = (certificate?.spec?.uris ?? []).filter((uri: string) => /^spiffe:/i.test(uri));
  const map = objects.find(
    ({ kind, apiVersion, metadata }) =>
      kind === 'ConfigMap' &&
      apiVersion === 'v1' &&
      metadata.namespace === service.namespace &&
      metadata.name === `${service.name}-mtls-policy`,
  ) as Yaml;
  return {
    certificate: certificate && isIssuable(certificate) ? certificate : undefined,
    policy: policyOf(map?.data?.['policy.json']),
    root: certificate && rootOf(objects, plan, certificate.spec?.issuerRef, certificate.metadata.namespace),
    id: ids.length === 1 && isSpiffeId(ids[0] ?? '') && isLeaf(certificate) ? ids[0] : undefined,
  };
}

const isSpiffeId = (id: string): boolean => /^spiffe:\/\/[a-z0-9._-]+(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)*$/.test(id);

function policyOf(text: unknown): Yaml | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const policy = JSON.parse(text) as Yaml;
    const modes = ['strict', 'permissive', 'audit', 'disabled'];
    const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
    const isWhole = (value: unknown): boolean => Number.isInteger(value);
    const good =
      policy.version === 1 &&
      [policy.fleet, policy.environment, policy.service].every(isText) &&
      isSpiffeId(policy.spiffeId) &&
      modes.includes(policy.mode) &&
      policy.server.every(
        (port: Yaml) =>
          isText(port.name) &&
          isWhole(port.port) &&
          modes.includes(port.mode) &&
          (port.plainPort === undefined || isWhole(port.plainPort)) &&
          port.allow.every((each: Yaml) => isSpiffeId(each.spiffeId) && modes.includes(each.mode)),
      ) &&
      policy.client.every(
        (peer: Yaml) =>
          [peer.service, peer.name, peer.host].every(isText) &&
          isWhole(peer.port) &&
          isSpiffeId(peer.spiffeId) &&
          modes.includes(peer.mode),
      );
    return good ? policy : undefined;
  } catch {
    return undefined;
  }
}

function rootOf(objects: readonly KubernetesObject[], plan: Plan, ref: Yaml, namespace: string | undefined, depth = 0): string | undefined {
  const kind = ref?.kind ?? 'Issuer';
  const group = ref?.group ?? 'cert-manager.io';
  const scope = kind === 'ClusterIssuer' ? undefined : namespace;
  const issuer = objects.find(
    object =>
      object.kind === kind &&
      object.metadata.name === ref?.name &&
      object.metadata.namespace === scope &&
      object.apiVersion.split('/')[0] === group,
  ) as Yaml;
  const itself = `issuer ${group} ${kind} ${scope ?? ''} ${ref?.name}`;
  if (!issuer) return itself;
  if (issuer.spec?.selfSigned) return undefined;
  const secret = issuer.spec?.ca?.secretName;
  if (typeof secret !== 'string') return itself;
  const ca = caOf(objects, secret, scope ?? plan.certManagerNamespace);
  if (!ca) return itself;
  // an authority that waits for itself never signs anything
  if (depth > 5) return LOOP;
  return rootOf(objects, plan, ca.spec.issuerRef, ca.metadata.namespace, depth + 1) ?? `secret ${ca.metadata.namespace}/${secret}`;
}

const LOOP = 'no root';

const caOf = (objects: readonly KubernetesObject[], secret: string, namespace: string): Yaml | undefined =>
  objects.find(
    object =>
      object.kind === 'Certificate' &&
      object.metadata.namespace === namespace &&
      (object as Yaml).spec?.isCA === true &&
      (object as Yaml).spec?.secretName === secret,
  );

function trustedRoots(objects: readonly KubernetesObject[], plan: Plan): ReadonlySet<string> {
  const bundle = objects.find(
    ({ kind, metadata, apiVersion }) =>
      kind === 'Bundle' &&
      apiVersion.startsWith('trust.cert-manager.io/') &&
      metadata.name === plan.bundle.name &&
      metadata.namespace === undefined,
  ) as Yaml;
  const roots = (bundle?.spec?.sources ?? []).flatMap((source: Yaml) => {
    const ca = source?.secret?.name === undefined ? undefined : caOf(objects, source.secret.name, plan.bundle.trustNamespace);
    if (!ca) return [];
    const own = `secret ${ca.metadata.namespace}/${ca.spec.secretName}`;
    const root = rootOf(objects, plan, ca.spec.issuerRef, ca.metadata.namespace) ?? own;
    return [source.secret.key === 'tls.crt' && root !== own ? 'an intermediate' : root];
  });
  if (roots.length > 0) return new Set(roots.filter((root: string) => root !== LOOP));
  if (bundle && plan.authority.kind === 'selfSigned' && 'secret' in plan.bundle.source) return new Set();
  const root = rootOf(objects, plan, plan.authority.issuerRef, plan.authority.issuerNamespace ?? plan.namespaces[0]);
  return new Set(root === undefined || root === LOOP ? [] : [root]);
}

/** X509-SVID 4: an identity is on a leaf, which signs handshakes and neither certificates nor lists of revoked ones. */
function isLeaf(certificate: Yaml): boolean {
  const usages: string[] = certificate?.spec?.usages?.length ? certificate.spec.usages : ['digital signature', 'key encipherment'];
  const signs = usages.includes('digital signature') || usages.includes('signing');
  return certificate?.spec?.isCA !== true && signs && !usages.includes('cert sign') && !usages.includes('crl sign');
}

function plays(certificate: Yaml, role: string): boolean {
  const usages: string[] = certificate.spec.usages?.length ? certificate.spec.usages : ['digital signature', 'key encipherment'];
  const extended = usages.filter(usage =>
    / (auth|system|tunnel|user|sgc)$|^(any|code signing|email protection|s\/mime|timestamping|ocsp signing)$/.test(usage),
  );
  const keys = usages.filter(usage =>
    ['signing', 'digital signature', 'key agreement', ...(role === 'server auth' ? ['key encipherment'] : [])].includes(usage),
  );
  const anyKey = usages.some(usage => !extended.includes(usage)) || certificate.spec.isCA === true;
  return (extended.length === 0 || extended.includes(role)) && (!anyKey || keys.length > 0);
}

const covers = (names: readonly string[], host: string): boolean =>
  names.some(
    name => name === host || (name.startsWith('*.') && name.split('.').length > 2 && host.split('.').slice(1).join('.') === name.slice(2)),
  );

/** What cert-manager's webhook would let through, as far as one changed field can offend it. */
function isIssuable({ spec }: Yaml): boolean {
  const seconds = (text: unknown): number | undefined => {
    const parts = typeof text === 'string' ? [...text.matchAll(/(\d+)(h|m|s)/g)] : [];
    return parts.length === 0 || parts.map(([part]) => part).join('') !== text
      ? undefined
      : parts.reduce((sum, [, count, unit]) => sum + Number(count) * { h: 3600, m: 60, s: 1 }[unit as 'h'], 0);
  };
  if (typeof spec?.issuerRef?.name !== 'string' || spec.issuerRef.name === '') return false;
  const duration = spec.duration === undefined ? 7_776_000 : seconds(spec.duration);
  const renewBefore = spec.renewBefore === undefined ? undefined : seconds(spec.renewBefore);
  if (duration === undefined || duration < 3600) return false;
  if (
    spec.renewBefore !== undefined &&
    (renewBefore === undefined || renewBefore < 300 || renewBefore >= duration || spec.renewBeforePercentage !== undefined)
  )
    return false;
  if (Buffer.byteLength(spec.commonName ?? '') > 64) return false;
  const { algorithm = 'RSA', size } = spec.privateKey ?? {};
  if (!['RSA', 'ECDSA', 'Ed25519'].includes(algorithm)) return false;
  if (algorithm === 'RSA' && size !== undefined && (size < 2048 || size > 8192)) return false;
  if (algorithm === 'ECDSA' && size !== undefined && ![256, 384, 521].includes(size)) return false;
  const names = [...(spec.dnsNames ?? []), ...(spec.uris ?? []), ...(spec.ipAddresses ?? []), ...(spec.emailAddresses ?? [])];
  return names.every(name => typeof name === 'string' && name !== '') && (names.length > 0 || Boolean(spec.commonName));
}
