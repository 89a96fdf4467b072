import { isRecord, type KubernetesObject } from '../../objects/index.js';
import { listAt, mapAt, textAt } from '../_values.js';
import { ClusterError } from '../cluster-error.js';
import { type Api, ApiFailure } from '../read/index.js';
import { DOCTOR_RESOURCES, listPath, takeSnapshot } from '../snapshot/index.js';
import { Living } from '../state/index.js';

/** What is in a backup, in the order in which it is restored. Secrets are whole, with their keys. */
export interface Backup {
  readonly schemaVersion: 1;
  readonly kind: 'sentinel-mtls-backup';
  readonly takenAt: string;
  readonly context: string;
  /** Where the Secrets of ClusterIssuers are. */
  readonly clusterResourceNamespace: string;
  readonly objects: readonly KubernetesObject[];
}

const KINDS = ['Certificate', 'Issuer', 'ClusterIssuer', 'Bundle', 'Deployment', 'ConfigMap'];
/** Secrets before what reads them: an issuer that finds none makes noise, a Certificate that finds none issues anew. */
export const RESTORE_ORDER = ['Namespace', 'Secret', 'ConfigMap', 'ClusterIssuer', 'Issuer', 'Certificate', 'Bundle'];

/**
 * Reads what can't be made again: Secrets of authorities, their Certificates, issuers, bundles and the roots in ConfigMaps.
 * Leaves are left out: cert-manager issues them anew.
 *
 * @throws ClusterError when something of it may not be read: a backup with a hole would be worse than none
 */
export async function takeBackup(api: Api): Promise<Backup> {
  const snapshot = await takeSnapshot(
    api,
    DOCTOR_RESOURCES.filter(({ kind }) => KINDS.includes(kind)),
  );
  const gap = snapshot.header.gaps.find(({ reason }) => reason !== 'absent');
  if (gap !== undefined)
    throw new ClusterError(
      'CLUSTER_REFUSED',
      `${gap.resource} can't be read: ${gap.message}`,
      'sentinel-mtls rbac backup prints the rights',
    );
  const living = new Living(snapshot);
  const wanted = new Map<string, { readonly kind: string; readonly namespace: string | undefined; readonly name: string }>();
  const want = (kind: string, namespace: string | undefined, name: string): void => {
    if (name !== '') wanted.set(`${kind} ${namespace ?? ''}/${name}`, { kind, namespace, name });
  };
  for (const issuer of living.world.issuers) {
    want(issuer.kind, issuer.namespace, issuer.name);
    if (issuer.type === 'ca') want('Secret', issuer.namespace ?? living.clusterResourceNamespace, textAt(issuer.config, 'secretName'));
  }
  for (const { object, namespace, secretName, isCA } of living.certificates) {
    if (!isCA) continue;
    want('Certificate', namespace, object.metadata.name);
    want('Secret', namespace, secretName);
  }
  for (const bundle of living.objects.ofKind('Bundle')) {
    want('Bundle', undefined, bundle.metadata.name);
    for (const source of listAt(bundle, 'spec', 'sources')) {
      want('Secret', living.trustNamespace, textAt(source, 'secret', 'name'));
      want('ConfigMap', living.trustNamespace, textAt(source, 'configMap', 'name'));
      const labels = mapAt(source, 'configMap', 'selector', 'matchLabels');
      for (const map of living.objects.ofKind('ConfigMap', ''))
        if (
          Object.keys(labels).length > 0 &&
          map.metadata.namespace === living.trustNamespace &&
          Object.entries(labels).every(([key, value]) => map.metadata.labels?.[key] === value)
        )
          want('ConfigMap', living.trustNamespace, map.metadata.name);
    }
  }
  const objects: KubernetesObject[] = [];
  for (const { kind, namespace, name } of wanted.values()) {
    const object = await readWhole(api, kind, namespace, name);
    if (object !== undefined) objects.push(object);
  }
  const rank = ({ kind }: KubernetesObject): number => RESTORE_ORDER.indexOf(kind);
  return {
    schemaVersion: 1,
    kind: 'sentinel-mtls-backup',
    takenAt: snapshot.header.takenAt,
    context: snapshot.header.context,
    clusterResourceNamespace: living.clusterResourceNamespace,
    objects: objects.sort((a, b) => rank(a) - rank(b)),
  };
}

/** Undefined where it is not there: an issuer may name a Secret that was never made, which `verify` says. */
async function readWhole(api: Api, kind: string, namespace: string | undefined, name: string): Promise<KubernetesObject | undefined> {
  try {
    return withoutOrigin((await api.get(objectPath(kind, namespace, name))) as KubernetesObject);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (error.status === 404) return undefined;
    throw new ClusterError(
      'CLUSTER_REFUSED',
      `${kind} ${namespace ?? ''}/${name} can't be read: ${error.message}`,
      'sentinel-mtls rbac backup prints the rights',
    );
  }
}

export function objectPath(kind: string, namespace: string | undefined, name: string): string {
  const resource = DOCTOR_RESOURCES.find(known => known.kind === kind);
  if (resource === undefined) throw new Error(`no path is known for ${kind}`);
  return `${listPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

/** What another cluster must not be given: identity, history and status of this one. */
export function withoutOrigin(object: KubernetesObject): KubernetesObject {
  const { status: _, ...rest } = object;
  const { name, namespace, labels, annotations } = object.metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration');
  return {
    ...rest,
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
    },
  };
}

/** @throws ClusterError when the text is no backup */
export function parseBackup(text: string): Backup {
  const problem = (what: string): ClusterError =>
    new ClusterError('CLUSTER_BACKUP', `the file ${what}`, 'expected what sentinel-mtls backup has written');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw problem('holds no JSON');
  }
  if (!isRecord(value) || value.kind !== 'sentinel-mtls-backup' || !Array.isArray(value.objects)) throw problem('is no backup');
  if (value.schemaVersion !== 1) throw problem('is of another version');
  for (const object of value.objects as unknown[]) {
    const kind = textAt(object, 'kind');
    if (!RESTORE_ORDER.includes(kind) || textAt(object, 'metadata', 'name') === '')
      throw problem(`holds an object that does not belong there: ${kind.slice(0, 60)}`);
  }
  return value as unknown as Backup;
}
