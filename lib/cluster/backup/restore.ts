import { isDeepStrictEqual } from 'node:util';
import { type KubernetesObject, objectName } from '../../objects/index.js';
import { ClusterError } from '../cluster-error.js';
import { type Api, ApiFailure } from '../read/index.js';
import { DOCTOR_RESOURCES, listPath } from '../snapshot/index.js';
import { type Backup, objectPath, RESTORE_ORDER, withoutOrigin } from './contents.js';

export interface Step {
  readonly object: string;
  readonly action: 'create' | 'overwrite' | 'keep';
}

export interface RestoreOptions {
  /** Replace objects that differ. @default false */
  readonly overwrite?: boolean;
  /** Say what would be done. @default false */
  readonly dryRun?: boolean;
}

interface Planned extends Step {
  readonly wanted: KubernetesObject;
  readonly current: KubernetesObject | undefined;
}

/**
 * Brings the objects of a backup into a cluster. Everything is looked at before anything is written.
 *
 * @throws ClusterError when an object is there and differs, and `overwrite` is not set; or a resource is not defined
 */
export async function restoreBackup(api: Api, backup: Backup, options: RestoreOptions = {}): Promise<Step[]> {
  await checkDefinitions(api, backup);
  const planned: Planned[] = [];
  for (const object of withNamespaces(backup.objects)) planned.push(await plan(api, object));
  const differing = planned.filter(({ action }) => action === 'overwrite');
  if (differing.length > 0 && options.overwrite !== true)
    throw new ClusterError(
      'CLUSTER_BACKUP',
      `${differing.length} objects are there and differ: ${differing.map(({ object }) => object).join(', ')}; nothing was written`,
      'compare them; --overwrite replaces them',
    );
  if (options.dryRun !== true) for (const step of planned) await carryOut(api, step);
  return planned.map(({ object, action }) => ({ object, action }));
}

async function checkDefinitions(api: Api, { objects }: Backup): Promise<void> {
  for (const kind of new Set(objects.map(object => object.kind))) {
    const resource = DOCTOR_RESOURCES.find(known => known.kind === kind);
    if (resource === undefined || resource.group === '') continue;
    try {
      await api.get(`${listPath(resource)}?limit=1`);
    } catch (error) {
      if (!(error instanceof ApiFailure && error.status === 404)) continue;
      throw new ClusterError(
        'CLUSTER_BACKUP',
        `the cluster knows no ${resource.plural}.${resource.group}; nothing was written`,
        'install cert-manager and trust-manager first',
      );
    }
  }
}

/** Namespaces first: an empty cluster has none of them. */
function withNamespaces(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const names = [...new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))];
  const namespaces = names.map((name): KubernetesObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  return [...namespaces, ...objects].sort((a, b) => RESTORE_ORDER.indexOf(a.kind) - RESTORE_ORDER.indexOf(b.kind));
}

async function plan(api: Api, wanted: KubernetesObject): Promise<Planned> {
  const { name, namespace } = wanted.metadata;
  const base = { object: objectName(wanted), wanted };
  try {
    const current = (await api.get(objectPath(wanted.kind, namespace, name))) as KubernetesObject;
    const isSame = wanted.kind === 'Namespace' || isDeepStrictEqual(content(current), content(wanted));
    return { ...base, current, action: isSame ? 'keep' : 'overwrite' };
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return { ...base, current: undefined, action: 'create' };
    throw error instanceof ApiFailure
      ? new ClusterError(
          'CLUSTER_REFUSED',
          `${base.object} can't be read: ${error.message}`,
          'sentinel-mtls rbac restore prints the rights',
        )
      : error;
  }
}

/** What counts: labels and annotations may have been added by anybody. */
function content(object: KubernetesObject): object {
  const { metadata: _, ...rest } = withoutOrigin(object);
  return JSON.parse(JSON.stringify(rest)) as object;
}

async function carryOut(api: Api, { action, wanted, current, object }: Planned): Promise<void> {
  const { name, namespace } = wanted.metadata;
  try {
    if (action === 'create') {
      const path = objectPath(wanted.kind, namespace, name);
      await api.ask({ method: 'POST', path: `${path.slice(0, path.lastIndexOf('/'))}?fieldManager=cert-manager-restore`, body: wanted });
    }
    if (action === 'overwrite' && current !== undefined) {
      // with the version that was compared: a change in between is a conflict
      const body = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: current.metadata.resourceVersion } };
      await api.ask({ method: 'PUT', path: `${objectPath(wanted.kind, namespace, name)}?fieldManager=cert-manager-restore`, body });
    }
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    throw new ClusterError(
      'CLUSTER_REFUSED',
      `${object} can't be written: ${error.message}`,
      'mend it and restore again: what was written already is kept as it is',
    );
  }
}
