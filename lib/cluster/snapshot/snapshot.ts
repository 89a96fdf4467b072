import { type KubernetesObject, ObjectSet } from '../../objects/index.js';
import { textAt } from '../_values.js';
import { ClusterError } from '../cluster-error.js';
import { type Api, ApiFailure, NoReply } from '../read/index.js';
import { itemOf, reduce } from './reduce.js';
import { listPath, type Resource } from './resources.js';

/** Why a resource, or a namespace of it, is not in a snapshot. */
export interface Gap {
  /** As in `Resource.name`. */
  readonly resource: string;
  readonly namespace?: string;
  /** `forbidden`: no right to list it. `absent`: the cluster has no such resource. `failed`: it did not come. */
  readonly reason: 'forbidden' | 'absent' | 'failed';
  /** The server's own words. */
  readonly message: string;
}

/** What the webhook of cert-manager did with a Certificate that it must refuse, in a dry run. */
export interface WebhookProbe {
  /** `refused`: it works. `allowed`: nobody looks. `unreachable`: the API server can't call it. `unknown`: we may not ask. */
  readonly outcome: 'refused' | 'allowed' | 'unreachable' | 'unknown';
  readonly message: string;
}

export interface SnapshotHeader {
  readonly schemaVersion: 1;
  /** By the clock of the API server. */
  readonly takenAt: string;
  /** The server's clock minus the one of this machine, in milliseconds. */
  readonly skewMs: number | null;
  /** `v1.34.4` */
  readonly kubernetes: string;
  readonly context: string;
  /** What was asked for: names of resources. */
  readonly resources: readonly string[];
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly gaps: readonly Gap[];
  readonly webhook: WebhookProbe | null;
}

/** What a cluster was at one time, whether it came from an API server or from a folder. */
export interface Snapshot {
  readonly header: SnapshotHeader;
  readonly objects: ObjectSet;
}

export interface SnapshotOptions {
  /** @default all */
  readonly namespaces?: readonly string[];
  /** Namespaces that are read besides, by the name of the resource, where namespaces are given. */
  readonly also?: Readonly<Record<string, readonly string[]>>;
  /** Further conditions on a resource, by its name. */
  readonly queries?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly onResource?: (name: string) => void;
  /** Ask the webhook of cert-manager, in a dry run. @default false */
  readonly probe?: boolean;
}

/** Takes each object as it comes. */
export type Sink = (resource: Resource, objects: readonly KubernetesObject[], restarted: boolean) => void;

/**
 * Reads resources one after the other; what is forbidden, absent or broken is a gap.
 *
 * @throws ClusterError when the API server can't be reached at all
 */
export async function readCluster(api: Api, resources: readonly Resource[], options: SnapshotOptions, sink: Sink): Promise<SnapshotHeader> {
  const kubernetes = await versionOf(api);
  const gaps: Gap[] = [];
  for (const resource of resources) {
    options.onResource?.(resource.name);
    const named = options.namespaces === undefined ? undefined : [...options.namespaces, ...(options.also?.[resource.name] ?? [])];
    for (const namespace of resource.namespaced && named !== undefined ? new Set(named) : [undefined]) {
      const gap = await readList(api, resource, namespace, options.queries?.[resource.name] ?? {}, sink);
      if (gap !== undefined) gaps.push(gap);
    }
  }
  return {
    schemaVersion: 1,
    takenAt: new Date(Date.now() + (api.skewMs ?? 0)).toISOString(),
    skewMs: api.skewMs ?? null,
    kubernetes,
    context: api.connection.context,
    resources: resources.map(({ name }) => name),
    namespaces: options.namespaces ?? [],
    gaps,
    webhook: options.probe === true ? await probeWebhook(api) : null,
  };
}

export async function takeSnapshot(api: Api, resources: readonly Resource[], options: SnapshotOptions = {}): Promise<Snapshot> {
  const lists = new Map<string, KubernetesObject[]>();
  const header = await readCluster(api, resources, options, (resource, objects, restarted) => {
    const list = restarted ? [] : (lists.get(resource.name) ?? []);
    for (const object of objects) list.push(object);
    lists.set(resource.name, list);
  });
  return { header, objects: ObjectSet.from([...lists.values()].flat(), api.connection.context) };
}

async function versionOf(api: Api): Promise<string> {
  try {
    return textAt(await api.get('/version'), 'gitVersion');
  } catch (error) {
    if (error instanceof ApiFailure) return '';
    if (!(error instanceof NoReply)) throw error;
    throw new ClusterError(
      'CLUSTER_UNREACHABLE',
      `the API server ${api.connection.server.origin} of context "${api.connection.context}" can't be reached: ${error.message}`,
      'check the address, the network and --request-timeout; kubectl version asks the same server',
    );
  }
}

async function readList(
  api: Api,
  resource: Resource,
  namespace: string | undefined,
  query: Readonly<Record<string, string>>,
  sink: Sink,
): Promise<Gap | undefined> {
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  const gap = (reason: Gap['reason'], message: string): Gap => ({
    resource: resource.name,
    ...(namespace === undefined ? {} : { namespace }),
    reason,
    message,
  });
  try {
    for await (const page of api.pages(listPath(resource, namespace), { ...resource.query, ...query }, resource.pageSize)) {
      const objects = page.items.flatMap(item => itemOf(item, apiVersion, resource.kind) ?? []);
      // with several namespaces a list that begins anew would take the others with it
      if (page.restarted && namespace !== undefined) return gap('failed', 'the list changed while it was read (410 Gone)');
      sink(resource, objects.map(reduce), page.restarted);
    }
    return undefined;
  } catch (error) {
    if (error instanceof ApiFailure) {
      if (error.status === 403) return gap('forbidden', error.message);
      if (error.status === 404) return gap('absent', error.message);
      return gap('failed', `${error.status}: ${error.message}`);
    }
    if (error instanceof NoReply) return gap('failed', error.message);
    throw error;
  }
}

/** Shorter than the shortest life that cert-manager accepts, so that nothing is made even where dry runs are not honoured. */
const REFUSED = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'sentinel-mtls-doctor', namespace: 'default' },
  spec: { secretName: 'sentinel-mtls-doctor', dnsNames: ['doctor.invalid'], duration: '1m', issuerRef: { name: 'doctor' } },
};

async function probeWebhook(api: Api): Promise<WebhookProbe> {
  try {
    await api.ask({ method: 'POST', path: '/apis/cert-manager.io/v1/namespaces/default/certificates?dryRun=All', body: REFUSED });
    return { outcome: 'allowed', message: 'a Certificate with a duration of one minute was accepted' };
  } catch (error) {
    if (error instanceof NoReply) return { outcome: 'unknown', message: error.message };
    if (!(error instanceof ApiFailure)) throw error;
    if (/failed calling webhook/.test(error.message)) return { outcome: 'unreachable', message: error.message };
    if (/admission webhook "webhook\.cert-manager\.io" denied/.test(error.message)) return { outcome: 'refused', message: error.message };
    return { outcome: 'unknown', message: error.message };
  }
}
