import { isDeepStrictEqual } from 'node:util';
import { type KubernetesObject, objectName } from '../../objects/index.js';
import { ClusterError } from '../cluster-error.js';
import { type Api, ApiFailure, NoReply } from '../read/index.js';
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
  /** Hears what will be done, once the API server has taken all of it in a dry run; before anything is written. */
  readonly onPlan?: (steps: readonly Step[]) => void;
  /** Hears of each step once it is done. */
  readonly onDone?: (step: Step) => void;
}

interface Planned extends Step {
  readonly wanted: KubernetesObject;
  readonly current: KubernetesObject | undefined;
}

/**
 * Brings the objects of a backup into a cluster. Everything is looked at, and tried in a dry run, before anything is
 * written. A second run goes on where a first one was stopped: what is there already and the same is kept.
 *
 * @throws ClusterError when an object is there and differs, and `overwrite` is not set; a resource is not defined; the API
 *   server would refuse an object; or, after the first write, with what was written and what was not
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
  await rehearse(api, planned);
  const steps = planned.map(({ object, action }) => ({ object, action }));
  options.onPlan?.(steps);
  if (options.dryRun === true) return steps;
  for (const [index, step] of planned.entries()) {
    try {
      await write(api, step);
    } catch (error) {
      throw stopped(error, planned, index);
    }
    options.onDone?.({ object: step.object, action: step.action });
  }
  return steps;
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

/** Asks the API server to try every write without keeping it: rights, schemas, webhooks and policies have their say. */
async function rehearse(api: Api, planned: readonly Planned[]): Promise<void> {
  const made = new Set(planned.filter(({ wanted, action }) => wanted.kind === 'Namespace' && action === 'create').map(nameOf));
  const refused: string[] = [];
  for (const step of planned) {
    try {
      await write(api, step, '&dryRun=All');
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      // nobody can try more than the right to create where the namespace is still to come
      const isEarly = error.status === 404 && made.has(step.wanted.metadata.namespace ?? '');
      const isUntriable = error.status === 400 && error.message.includes('does not support dry run');
      if (!isEarly && !isUntriable) refused.push(`${step.object}: ${error.message}`);
    }
  }
  if (refused.length > 0)
    throw new ClusterError(
      'CLUSTER_REFUSED',
      `the API server would refuse ${refused.length} of ${planned.length} objects; nothing was written\n  ${refused.join('\n  ')}`,
      'mend it and restore again; sentinel-mtls rbac restore prints the rights',
    );
}

const nameOf = ({ wanted }: Planned): string => wanted.metadata.name;

/** `query`: more of the query, such as `&dryRun=All`. */
async function write(api: Api, { action, wanted, current }: Planned, query = ''): Promise<void> {
  const { name, namespace } = wanted.metadata;
  const path = objectPath(wanted.kind, namespace, name);
  const suffix = `?fieldManager=cert-manager-restore${query}`;
  if (action === 'create') await api.ask({ method: 'POST', path: `${path.slice(0, path.lastIndexOf('/'))}${suffix}`, body: wanted });
  if (action === 'overwrite' && current !== undefined) {
    // with the version that was compared: a change in between is a conflict
    const body = { ...wanted, metadata: { ...wanted.metadata, resourceVersion: current.metadata.resourceVersion } };
    await api.ask({ method: 'PUT', path: `${path}${suffix}`, body });
  }
}

/** Who is on call has to know how far it came. */
function stopped(error: unknown, planned: readonly Planned[], at: number): unknown {
  const failed = planned[at];
  if (failed === undefined || !(error instanceof ApiFailure || error instanceof NoReply || error instanceof ClusterError)) return error;
  const textOf = (steps: readonly Planned[]): string =>
    steps
      .filter(({ action }) => action !== 'keep')
      .map(({ object }) => object)
      .join(', ') || 'nothing';
  // the question may have arrived, and only its answer been lost
  const unknown = error instanceof NoReply ? ', or perhaps it was' : '';
  return new ClusterError(
    error instanceof NoReply ? 'CLUSTER_UNREACHABLE' : 'CLUSTER_REFUSED',
    [
      `${failed.object} was not written${unknown}: ${error.message}`,
      `written: ${textOf(planned.slice(0, at))}`,
      `not written: ${textOf(planned.slice(at))}`,
    ].join('\n  '),
    'mend it and run the same command again: it goes on from there, and what is written already is kept as it is',
  );
}
