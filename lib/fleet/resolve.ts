import { parseDuration } from '../pki/index.js';
import { planAuthority, planBundle, planPublicAuthority } from './authority.js';
import { checkFleet } from './check.js';
import { externalsOf, graphOf } from './graph.js';
import { FleetError } from './issue.js';
import type { NetworkPeerPlan, NetworkPlan, Plan } from './plan.js';
import { planService } from './service.js';
import { CertificateLayers, DEFAULTS } from './settings.js';
import type { DnsPeer, Environment, Fleet, NetworkSettings, NonEmpty } from './types.js';

const checked = new WeakSet<Fleet>();

/** Remembers that a fleet was checked, so that resolving many environments checks it once. */
export function markChecked(fleet: Fleet): Fleet {
  checked.add(fleet);
  return fleet;
}

/** Names of the fleet's environments, in the order of the file. */
export const environmentsOf = (fleet: Fleet): string[] => Object.keys(fleet.environments);

/**
 * Makes every decision for one environment.
 * @throws FleetError when the fleet is wrong; Error when it has no such environment
 */
export function resolve(fleet: Fleet, environment: string): Plan {
  assertChecked(fleet);
  const env = environmentOf(fleet, environment);
  const graph = graphOf(fleet, env);
  const services = Object.entries(fleet.services)
    .map(([name, service]) => planService(fleet, environment, env, name, service, graph))
    .sort(byName);
  const namespaces = [...new Set(services.map(service => service.namespace))].sort();
  const authorityEnvironment = 'sameAs' in env.authority ? env.authority.sameAs : environment;
  const signer = environmentOf(fleet, authorityEnvironment).authority;
  const authority = planAuthority(
    fleet,
    authorityEnvironment,
    signer,
    env.namespace ?? fleet.namespace,
    longestLeaf(fleet, authorityEnvironment),
  );
  return {
    fleet: fleet.fleet,
    environment,
    trustDomain: env.trustDomain ?? fleet.trustDomain,
    clusterDomain: env.clusterDomain ?? fleet.clusterDomain ?? DEFAULTS.clusterDomain,
    namespaces: namespaces as unknown as NonEmpty<string>,
    certManagerNamespace: fleet.certManagerNamespace ?? DEFAULTS.certManagerNamespace,
    labels: {
      'app.kubernetes.io/managed-by': 'sentinel-mtls',
      'app.kubernetes.io/part-of': fleet.fleet,
      'sentinel-mtls.io/fleet': fleet.fleet,
      ...fleet.labels,
      ...env.labels,
    },
    certPath: fleet.certPath ?? DEFAULTS.certPath,
    team: fleet.team ?? DEFAULTS.team,
    authority,
    publicAuthority: planPublicAuthority(fleet, env),
    bundle: planBundle(fleet, signer, authority),
    issuance: env.issuance !== undefined && env.issuance !== false,
    otherIssuers:
      typeof env.issuance === 'object' ? env.issuance.otherIssuers.map(({ group = 'cert-manager.io', ...ref }) => ({ ...ref, group })) : [],
    network: planNetwork({ ...fleet.network, ...env.network }),
    monitoring: {
      enabled: fleet.monitoring?.enabled ?? true,
      selectorLabels: fleet.monitoring?.selectorLabels ?? { release: 'kube-prometheus-stack' },
      runbookBaseUrl: fleet.monitoring?.runbookBaseUrl ?? 'docs/runbooks',
    },
    services,
    externals: externalsOf(fleet),
    edges: graph.edges,
    externalEdges: graph.externalEdges,
  };
}

function assertChecked(fleet: Fleet): void {
  if (checked.has(fleet)) return;
  const result = checkFleet(fleet);
  if ('issues' in result)
    throw new FleetError(
      'fleet',
      result.issues.map(issue => ({ ...issue, position: undefined })),
    );
  checked.add(fleet);
}

function environmentOf(fleet: Fleet, name: string): Environment {
  const env = Object.hasOwn(fleet.environments, name) ? fleet.environments[name] : undefined;
  if (env === undefined)
    throw new RangeError(`fleet "${fleet.fleet}" has no environment "${name}": it has ${environmentsOf(fleet).join(', ')}`);
  return env;
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

/** Longest leaf of every environment that uses the authority of `environment`. */
function longestLeaf(fleet: Fleet, environment: string): number {
  let longest = 0;
  for (const [name, env] of Object.entries(fleet.environments)) {
    if (name !== environment && !('sameAs' in env.authority && env.authority.sameAs === environment)) continue;
    for (const [service, declared] of Object.entries(fleet.services)) {
      const duration = new CertificateLayers(fleet, name, env, service, declared).get('duration')?.value ?? DEFAULTS.duration;
      longest = Math.max(longest, parseDuration(duration) ?? 0);
    }
  }
  return longest;
}

function planNetwork(settings: NetworkSettings): NetworkPlan {
  const { peers, port } = dnsOf(settings);
  return {
    policies: settings.policies ?? true,
    ownsNamespaces: settings.ownsNamespaces ?? false,
    dns: peers,
    dnsPorts: [
      { port, protocol: 'UDP' },
      { port, protocol: 'TCP' },
    ],
  };
}

const KUBE_DNS: DnsPeer = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };
/** OpenShift's DNS pods listen on 5353; a policy sees the pod's port, not the Service's 53. */
const OPENSHIFT_DNS: DnsPeer = { namespace: 'openshift-dns', labels: { 'dns.operator.openshift.io/daemonset-dns': 'default' }, port: 5353 };
/** Link-local address on which NodeLocal DNSCache listens by default; its pods are on the host network, so no selector matches them. */
const NODE_LOCAL_CIDR = '169.254.20.10/32';

function dnsOf(settings: NetworkSettings): { readonly peers: readonly NetworkPeerPlan[]; readonly port: number } {
  const pods = (dns: DnsPeer): NetworkPeerPlan => ({ namespace: dns.namespace, labels: dns.labels });
  switch (settings.dns) {
    case undefined:
    case 'kube-dns':
      return { peers: [pods(KUBE_DNS)], port: 53 };
    case 'openshift':
      return { peers: [pods(OPENSHIFT_DNS)], port: OPENSHIFT_DNS.port ?? 53 };
    case 'node-local-dns': {
      const clusterIp = settings.dnsClusterIp ?? '';
      const cidrs = [NODE_LOCAL_CIDR, `${clusterIp}/${clusterIp.includes(':') ? 128 : 32}`];
      return { peers: [pods(KUBE_DNS), ...cidrs.map(cidr => ({ cidr, except: [] }))], port: 53 };
    }
    default:
      return { peers: [pods(settings.dns)], port: settings.dns.port ?? 53 };
  }
}
