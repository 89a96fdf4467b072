import { parseDuration } from '../pki/index.js';
import { carriesTls, protocolOf, targetPortOf, transportOf } from './calls.js';
import { type Graph, modeOf } from './graph.js';
import { isHeadless, serviceIdentity } from './identity.js';
import type { CertificatePlan, KeyPlan, PortPlan, ServicePlan, WorkloadPlan } from './plan.js';
import { CertificateLayers, DEFAULTS } from './settings.js';
import type { Environment, Fleet, Mode, NonEmpty, Port, Service, Usage } from './types.js';

/** One service of one environment with every decision made. */
export function planService(
  fleet: Fleet,
  environment: string,
  env: Environment,
  name: string,
  service: Service,
  graph: Graph,
): ServicePlan {
  const identity = serviceIdentity(fleet, env, name, service);
  const mode = modeOf(fleet, env, name, service);
  return {
    name,
    namespace: identity.namespace,
    team: service.team ?? fleet.team ?? DEFAULTS.team,
    labels: { app: name, ...service.labels },
    selectorLabels: service.existing?.selector ?? { 'app.kubernetes.io/name': name, 'sentinel-mtls.io/fleet': fleet.fleet },
    spiffeId: identity.spiffeId,
    serviceAccount: identity.serviceAccount,
    mode,
    headless: service.ports !== undefined && isHeadless(service),
    fqdn: identity.fqdn,
    ports: Object.entries(service.ports ?? {}).map(([port, declared]) => planPort(port, declared, mode)),
    workload: planWorkload(env, name, service),
    certificate: planCertificate(new CertificateLayers(fleet, environment, env, name, service), name, identity, graph),
    publicCertificate:
      service.publicCertificate === undefined || env.publicAuthority === undefined
        ? undefined
        : {
            secretName: `${name}-public-tls`,
            dnsNames: service.publicCertificate.dnsNames,
            usages: nonEmpty(service.publicCertificate.usages) ?? ['digital signature', 'server auth'],
          },
  };
}

const DEFAULT_PATHS: Readonly<Partial<Record<string, string>>> = { health: '/healthz', metrics: '/metrics' };

function planPort(name: string, port: Port, mode: Mode): PortPlan {
  const protocol = protocolOf(port);
  const tls = carriesTls(port);
  return {
    name,
    port: port.port,
    targetPort: targetPortOf(port),
    protocol,
    transport: transportOf(port),
    tls,
    mode: tls ? mode : 'disabled',
    plainPort: port.plainPort,
    path: port.path ?? DEFAULT_PATHS[protocol],
  };
}

function planWorkload(env: Environment, name: string, service: Service): WorkloadPlan {
  const override = env.services?.[name];
  const kind = service.existing?.kind ?? service.workload ?? 'Deployment';
  const replicated = kind === 'Deployment' || kind === 'StatefulSet';
  return {
    kind,
    names: service.existing?.names ?? [name],
    existing: service.existing !== undefined,
    containers: service.existing === undefined ? [name] : (service.existing.containers ?? []),
    replicas: replicated && service.existing === undefined ? (override?.replicas ?? service.replicas ?? 1) : undefined,
    schedule: service.schedule,
    image: override?.image ?? service.image ?? '',
    command: service.command,
    args: service.args,
    env: Object.entries({ ...service.env, ...override?.env }).map(([variable, value]) => ({ name: variable, value })),
    resources: override?.resources ?? service.resources ?? {},
    securityContext: service.securityContext ?? {},
  };
}

function planCertificate(
  layers: CertificateLayers,
  name: string,
  identity: ReturnType<typeof serviceIdentity>,
  graph: Graph,
): CertificatePlan {
  const key = planKey(layers);
  const durationSeconds = seconds(layers.get('duration')?.value ?? DEFAULTS.duration);
  const renewal = layers.renewal();
  const before = renewal.before?.value;
  const percentage = renewal.percentage?.value;
  const usages = layers.get('usages')?.value;
  return {
    secretName: `${name}-tls`,
    commonName: layers.get('commonName')?.value.replaceAll('{fqdn}', identity.fqdn),
    dnsNames: [...new Set([...identity.dnsNames, ...(layers.get('dnsNames')?.value ?? [])])],
    ipAddresses: layers.get('ipAddresses')?.value ?? [],
    uris: [identity.spiffeId, ...(layers.get('uris')?.value ?? [])],
    usages: (usages === undefined || usages === 'graph' ? undefined : nonEmpty(usages)) ?? usagesFromGraph(name, key, graph),
    durationSeconds,
    renewBeforeSeconds:
      percentage !== undefined
        ? undefined
        : before === undefined
          ? Math.min(DEFAULTS.renewBeforeSeconds, Math.floor(durationSeconds / 3))
          : seconds(before),
    renewBeforePercentage: percentage,
    key,
    subject: layers.get('subject')?.value,
  };
}

function planKey(layers: CertificateLayers): KeyPlan {
  const algorithm = layers.key('algorithm')?.value ?? 'RSA';
  return {
    algorithm,
    size: layers.key('size')?.value ?? DEFAULTS.sizes[algorithm],
    encoding: layers.key('encoding')?.value ?? 'PKCS8',
    rotationPolicy: layers.key('rotationPolicy')?.value ?? 'Always',
  };
}

/** The least that the declared calls need. Key encipherment only for RSA: other keys can't (RFC 8446, RFC 5480). */
function usagesFromGraph(name: string, key: KeyPlan, graph: Graph): NonEmpty<Usage> {
  return [
    'digital signature',
    ...(key.algorithm === 'RSA' ? (['key encipherment'] as const) : []),
    ...(graph.callees.has(name) ? (['server auth'] as const) : []),
    ...(graph.callers.has(name) ? (['client auth'] as const) : []),
  ];
}

const seconds = (text: string): number => parseDuration(text) ?? Number.NaN;

function nonEmpty<T>(items: readonly T[] | undefined): NonEmpty<T> | undefined {
  const [first, ...rest] = items ?? [];
  return first === undefined ? undefined : [first, ...rest];
}
