import { PolicyError, parsePolicy } from '../../check/prove/policy-reader.js';
import type { KubernetesObject } from '../../objects/index.js';
import { each, type Reader } from '../_reader.js';
import { type Page, runtimePage } from '../_runtime-page.js';
import { listAt, textAt } from '../_values.js';
import { ClusterError } from '../cluster-error.js';
import { condition } from '../state/index.js';
import { FLEET_LABEL } from '../status/index.js';

/** The allow-list of one service, as it is in the cluster. */
export type Policy = ReturnType<typeof parsePolicy>;

export interface Service {
  readonly namespace: string;
  readonly policy: Policy;
  /** Whether its Certificate is ready; undefined where there is none. */
  readonly isCertified: boolean | undefined;
  readonly pods: readonly RunningPod[];
}

export interface RunningPod {
  readonly key: string;
  /** When the youngest of its containers began, since when its counters count; NaN where that is not known. */
  readonly startedAt: number;
  readonly page: Page;
}

export interface MigrationFacts {
  readonly fleet: string;
  readonly environment: string;
  /** Milliseconds, by the API server's clock. */
  readonly now: number;
  readonly services: readonly Service[];
  /** ConfigMaps that no process would take, with the reason. */
  readonly broken: readonly { readonly key: string; readonly reason: string }[];
}

const POLICY_FILE = 'policy.json';
const NAME_LABEL = 'app.kubernetes.io/name';

/** @throws ClusterError when something can't be read, or there is no such fleet */
export async function readMigration(reader: Reader, fleet: string | undefined): Promise<MigrationFacts> {
  const selector = fleet === undefined ? FLEET_LABEL : `${FLEET_LABEL}=${fleet}`;
  const configMaps = (await reader.list('ConfigMap', undefined, selector)).filter(object => textAt(object, 'data', POLICY_FILE) !== '');
  const fleets = [...new Set(configMaps.map(({ metadata }) => metadata.labels?.[FLEET_LABEL] ?? ''))].sort();
  const [name, ...others] = fleets;
  if (name === undefined)
    throw new ClusterError(
      'CLUSTER_CONFIG',
      'the cluster has no policy.json of a fleet',
      'apply what synth writes, in mode disabled to begin with',
    );
  if (others.length > 0)
    throw new ClusterError('CLUSTER_CONFIG', 'the cluster has several fleets', `choose one with --fleet: ${fleets.join(', ')}`);
  const certificates = await reader.list('Certificate', undefined, selector);
  const pods = (await reader.list('Pod', undefined, `${FLEET_LABEL}=${name}`)).filter(pod => textAt(pod, 'status', 'phase') === 'Running');
  const pages = new Map(await each(pods, async pod => [pod, await runtimePage(reader.api, pod)] as const));
  const read = configMaps.map(object => policyOf(object));
  const services = read
    .flatMap(entry => ('policy' in entry ? [entry] : []))
    .map(({ namespace, policy }) => ({
      namespace,
      policy,
      isCertified: isCertified(certificates, namespace, policy.service),
      pods: pods.filter(pod => isOf(pod, pages.get(pod), namespace, policy)).map(pod => running(pod, pages.get(pod))),
    }));
  return {
    fleet: name,
    environment: services[0]?.policy.environment ?? '',
    now: reader.now,
    services: services.sort((a, b) => a.policy.service.localeCompare(b.policy.service)),
    broken: read.flatMap(entry => ('reason' in entry ? [entry] : [])),
  };
}

function policyOf(
  object: KubernetesObject,
): { readonly namespace: string; readonly policy: Policy } | { readonly key: string; readonly reason: string } {
  const { name, namespace = '' } = object.metadata;
  try {
    const policy = parsePolicy(textAt(object, 'data', POLICY_FILE));
    // whoever may write ConfigMaps elsewhere must not speak for a service of another namespace
    if (!policy.spiffeId.includes(`/ns/${namespace}/`))
      return { key: `${namespace}/${name}`, reason: `it is of ${policy.spiffeId}, in another namespace` };
    return { namespace, policy };
  } catch (error) {
    if (error instanceof PolicyError) return { key: `${namespace}/${name}`, reason: error.message };
    throw error;
  }
}

function isCertified(certificates: readonly KubernetesObject[], namespace: string, service: string): boolean | undefined {
  const found = certificates.find(({ metadata }) => metadata.namespace === namespace && metadata.name === `${service}-tls`);
  return found && condition(found, 'Ready')?.status === 'True';
}

/** By the name that workloads of a fleet carry, or by the identity that the process itself serves. */
function isOf({ metadata }: KubernetesObject, page: Page | undefined, namespace: string, policy: Policy): boolean {
  if (metadata.namespace !== namespace) return false;
  if (metadata.labels?.[NAME_LABEL] === policy.service) return true;
  const samples = page !== undefined && 'samples' in page ? page.samples : [];
  return samples.some(({ name, labels }) => name === 'sentinel_mtls_identity_info' && labels.spiffe_id === policy.spiffeId);
}

function running(pod: KubernetesObject, page: Page = { unreadable: 'it was not asked' }): RunningPod {
  const times = listAt(pod, 'status', 'containerStatuses').map(status => Date.parse(textAt(status, 'state', 'running', 'startedAt')));
  return {
    key: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`,
    startedAt: times.length === 0 ? Number.NaN : Math.max(...times),
    page,
  };
}
