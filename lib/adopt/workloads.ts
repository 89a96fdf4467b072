import type { WorkloadKind } from '../fleet/index.js';
import { isRecord, type KubernetesObject, type ObjectSet, valueAt } from '../objects/index.js';

/** A workload as its manifest has it. */
export interface FoundWorkload {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string | undefined;
  readonly hostNetwork: boolean;
  readonly containers: readonly FoundContainer[];
  /** Secrets that its pods mount. */
  readonly secrets: ReadonlySet<string>;
}

export interface FoundContainer {
  readonly name: string;
  readonly ports: ReadonlyMap<string, number>;
  /** Every text in which a host may stand, and what it is called. */
  readonly texts: readonly NamedText[];
}

export interface NamedText {
  readonly what: string;
  readonly name: string;
  readonly text: string;
}

const TEMPLATES: Readonly<Record<WorkloadKind, readonly string[]>> = {
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

export const namespaceOf = (object: KubernetesObject): string => object.metadata.namespace ?? 'default';

/** Every workload of the objects, in their order. */
export function findWorkloads(objects: ObjectSet): readonly FoundWorkload[] {
  return (Object.keys(TEMPLATES) as WorkloadKind[]).flatMap(kind => objects.ofKind(kind).map(object => read(object, kind, objects)));
}

function read(object: KubernetesObject, kind: WorkloadKind, objects: ObjectSet): FoundWorkload {
  const template = valueAt(object, TEMPLATES[kind]);
  const pod = valueAt(template, ['spec']);
  const namespace = namespaceOf(object);
  return {
    kind,
    name: object.metadata.name,
    namespace,
    labels: texts(valueAt(template, ['metadata', 'labels'])),
    serviceAccount: text(valueAt(pod, ['serviceAccountName'])) ?? text(valueAt(pod, ['serviceAccount'])),
    hostNetwork: valueAt(pod, ['hostNetwork']) === true,
    containers: list(valueAt(pod, ['containers'])).map(container => readContainer(container, namespace, objects)),
    secrets: new Set(
      list(valueAt(pod, ['volumes'])).flatMap(volume =>
        [
          text(valueAt(volume, ['secret', 'secretName'])) ?? [],
          list(valueAt(volume, ['projected', 'sources'])).flatMap(source => text(valueAt(source, ['secret', 'name'])) ?? []),
        ].flat(),
      ),
    ),
  };
}

function readContainer(container: unknown, namespace: string, objects: ObjectSet): FoundContainer {
  const ports = list(valueAt(container, ['ports'])).flatMap(port => {
    const [name, number] = [text(valueAt(port, ['name'])), valueAt(port, ['containerPort'])];
    return name !== undefined && typeof number === 'number' ? [[name, number] as const] : [];
  });
  const configMap = (name: unknown): Readonly<Record<string, string>> =>
    typeof name === 'string'
      ? texts(valueAt(objects.get('ConfigMap', namespace, name) ?? objects.get('ConfigMap', undefined, name), ['data']))
      : {};
  const own = list(valueAt(container, ['env'])).flatMap(entry => {
    const name = text(valueAt(entry, ['name']));
    const reference = valueAt(entry, ['valueFrom', 'configMapKeyRef']);
    const value = text(valueAt(entry, ['value'])) ?? configMap(valueAt(reference, ['name']))[String(valueAt(reference, ['key']))];
    return name === undefined || value === undefined ? [] : [[name, value] as const];
  });
  const all = new Map([
    ...list(valueAt(container, ['envFrom'])).flatMap(source => Object.entries(configMap(valueAt(source, ['configMapRef', 'name'])))),
    ...own,
  ]);
  const words = [...list(valueAt(container, ['command'])), ...list(valueAt(container, ['args']))].filter(word => typeof word === 'string');
  return {
    name: text(valueAt(container, ['name'])) ?? '',
    ports: new Map(ports),
    texts: [
      ...[...all].map(([name, value]) => ({ what: `env ${name}`, name, text: expanded(value, all) })),
      ...words.map(word => ({ what: 'its arguments', name: /^--?([\w.-]+)[=\s]/.exec(word)?.[1] ?? '', text: expanded(word, all) })),
    ],
  };
}

/** `$(NAME)` as the kubelet puts it in, once: no variable of a variable leads round in a ring. */
const expanded = (value: string, all: ReadonlyMap<string, string>): string =>
  value.replace(/\$\(([\w.-]+)\)/g, (whole, name: string) => all.get(name) ?? whole);

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export const texts = (value: unknown): Readonly<Record<string, string>> =>
  isRecord(value)
    ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
    : {};
