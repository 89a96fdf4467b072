import { type FieldPath, isRecord, type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import { isSet, listAt, mapAt, textAt } from './values.js';

/** Where each kind keeps its pod. */
const POD_PATHS: Readonly<Record<string, FieldPath>> = {
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  Pod: [],
};

export interface ContainerView {
  readonly value: Readonly<Record<string, unknown>>;
  readonly path: FieldPath;
  readonly init: boolean;
}

/** A volume of a pod, with the Secret or ConfigMap that it shows, also through `projected`. */
export interface VolumeSource {
  readonly volume: string;
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  /** The secret, configMap or projected source itself. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly path: FieldPath;
  /** Mode of the volume as a whole; undefined for Kubernetes' default of 0644. */
  readonly defaultMode: number | undefined;
  readonly modePath: FieldPath;
}

export interface WorkloadView {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly pod: Readonly<Record<string, unknown>>;
  /** Path of the pod's spec. */
  readonly podPath: FieldPath;
  readonly serviceAccount: string;
  readonly containers: readonly ContainerView[];
  readonly sources: readonly VolumeSource[];
  readonly hostNetwork: boolean;
}

export function workloadsOf(objects: ObjectSet): WorkloadView[] {
  return Object.entries(POD_PATHS).flatMap(([kind, path]) =>
    objects
      .ofKind(kind)
      // a ReplicaSet or Pod of a Deployment says nothing that the Deployment does not
      .filter(object => !listAt(object, 'metadata', 'ownerReferences').some(owner => isSet(owner, 'controller')))
      .map(object => viewOf(object, path)),
  );
}

function viewOf(object: KubernetesObject, path: FieldPath): WorkloadView {
  const template = valueAt(object, path);
  const podPath = [...path, 'spec'];
  const pod = mapAt(template, 'spec');
  const containers = (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap(list =>
    listAt(pod, list).flatMap((value, index) =>
      isRecord(value) ? [{ value, path: [...podPath, list, index], init: list === 'initContainers' }] : [],
    ),
  );
  return {
    object,
    namespace: object.metadata.namespace ?? '',
    labels: mapAt(template, 'metadata', 'labels'),
    annotations: mapAt(template, 'metadata', 'annotations'),
    pod,
    podPath,
    serviceAccount: textAt(pod, 'serviceAccountName') || 'default',
    containers,
    sources: listAt(pod, 'volumes').flatMap((volume, index) => sourcesOf(volume, [...podPath, 'volumes', index])),
    hostNetwork: pod.hostNetwork === true,
  };
}

function sourcesOf(volume: unknown, path: FieldPath): VolumeSource[] {
  const name = textAt(volume, 'name');
  const found: VolumeSource[] = [];
  const add = (kind: VolumeSource['kind'], source: unknown, at: FieldPath, nameKey: string, mode: unknown, modePath: FieldPath): void => {
    const target = textAt(source, nameKey);
    if (isRecord(source) && target !== '')
      found.push({
        volume: name,
        kind,
        name: target,
        value: source,
        path: at,
        defaultMode: typeof mode === 'number' ? mode : undefined,
        modePath,
      });
  };
  const own = (field: string): FieldPath => [...path, field, 'defaultMode'];
  add('Secret', valueAt(volume, ['secret']), [...path, 'secret'], 'secretName', valueAt(volume, ['secret', 'defaultMode']), own('secret'));
  add(
    'ConfigMap',
    valueAt(volume, ['configMap']),
    [...path, 'configMap'],
    'name',
    valueAt(volume, ['configMap', 'defaultMode']),
    own('configMap'),
  );
  const mode = valueAt(volume, ['projected', 'defaultMode']);
  for (const [index, source] of listAt(volume, 'projected', 'sources').entries()) {
    const at = [...path, 'projected', 'sources', index];
    add('Secret', valueAt(source, ['secret']), [...at, 'secret'], 'name', mode, own('projected'));
    add('ConfigMap', valueAt(source, ['configMap']), [...at, 'configMap'], 'name', mode, own('projected'));
  }
  return found;
}
