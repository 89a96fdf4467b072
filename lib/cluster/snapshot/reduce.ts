import { isRecord, type KubernetesObject } from '../../objects/index.js';
import { listAt, mapAt, textAt } from '../_values.js';
import { certificatesOnly, publicSecret } from './secret.js';

/** What is kept of an object: what checks look at, and no value that may be secret. A snapshot of a large cluster fits into memory so. */
export function reduce(object: KubernetesObject): KubernetesObject {
  switch (object.kind) {
    case 'Secret':
      return publicSecret(object);
    case 'ConfigMap':
      return { ...plain(object), data: certificatesOf(object) };
    case 'CustomResourceDefinition':
      return definition(object);
    case 'Pod':
      return { ...plain(object), spec: podSpec(mapAt(object, 'spec')), status: podStatus(mapAt(object, 'status')) };
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
      return workload(object);
    case 'CertificateRequest':
      return {
        ...plain(object),
        spec: without(mapAt(object, 'spec'), ['request', 'extra', 'groups']),
        status: without(mapAt(object, 'status'), ['certificate', 'ca']),
      };
    case 'EndpointSlice':
      return {
        ...plain(object),
        endpoints: listAt(object, 'endpoints').map(endpoint => ({ conditions: mapAt(endpoint, 'conditions') })),
        ports: object.ports,
      };
    case 'Event':
      return event(object);
    default:
      return plain(object);
  }
}

/** Whose annotations are looked at; those of others may hold anything. kubectl's last-applied repeats the whole object. */
const KNOWN_ANNOTATION = /^(?:[\w-]+\.)*(?:cert-manager\.io|stakater\.com|istio\.io|linkerd\.io|sentinel-mtls\.io)\//;

/** Managed fields are a third of every object. */
function plain(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, annotations, ...metadata } = object.metadata;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => KNOWN_ANNOTATION.test(key));
  return { ...object, metadata: { ...metadata, ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}) } };
}

function certificatesOf(object: KubernetesObject): Record<string, string> {
  const texts = Object.entries(mapAt(object, 'data')).map(
    ([key, value]) => [key, typeof value === 'string' ? certificatesOnly(value) : ''] as const,
  );
  return Object.fromEntries(texts);
}

/** Names of the fields of one version; the schemas themselves are megabytes. */
function definition(object: KubernetesObject): KubernetesObject {
  const { group, names, scope } = mapAt(object, 'spec');
  const versions = listAt(object, 'spec', 'versions').map(version => ({
    name: textAt(version, 'name'),
    served: mapAt(version).served,
    fields: Object.keys(mapAt(version, 'schema', 'openAPIV3Schema', 'properties', 'spec', 'properties')),
  }));
  const conditions = listAt(object, 'status', 'conditions');
  return {
    ...plain(object),
    spec: { group, names, scope, versions },
    status: { conditions, storedVersions: listAt(object, 'status', 'storedVersions') },
  };
}

function workload(object: KubernetesObject): KubernetesObject {
  const spec = mapAt(object, 'spec');
  const template = mapAt(spec, 'template');
  return {
    ...plain(object),
    spec: {
      replicas: spec.replicas,
      selector: spec.selector,
      template: { metadata: template.metadata, spec: podSpec(mapAt(template, 'spec')) },
    },
    status: mapAt(object, 'status'),
  };
}

const POD_FIELDS = ['volumes', 'serviceAccountName', 'hostNetwork', 'nodeName', 'securityContext', 'automountServiceAccountToken'];

function podSpec(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const lists = ['initContainers', 'containers', 'ephemeralContainers'].filter(list => spec[list] !== undefined);
  return {
    ...only(spec, POD_FIELDS),
    ...Object.fromEntries(lists.map(list => [list, listAt(spec, list).map(container)])),
  };
}

const CONTAINER_FIELDS = [
  'name',
  'image',
  'args',
  'ports',
  'volumeMounts',
  'envFrom',
  'securityContext',
  'readinessProbe',
  'livenessProbe',
  'startupProbe',
];
/** Programs whose arguments are looked at; those of others may hold passwords. */
const KNOWN_IMAGE = /cert-manager|trust-manager|approver-policy|csi-driver/;

function container(value: unknown): Record<string, unknown> {
  const kept = only(mapAt(value), CONTAINER_FIELDS);
  if (!KNOWN_IMAGE.test(textAt(value, 'image'))) delete kept.args;
  return { ...kept, env: listAt(value, 'env').map(variable) };
}

/** Values of variables may be passwords; where they come from is not. Ours are no secrets. */
function variable(value: unknown): Record<string, unknown> {
  const name = textAt(value, 'name');
  return only(mapAt(value), name.startsWith('MTLS_') ? ['name', 'value', 'valueFrom'] : ['name', 'valueFrom']);
}

function podStatus(status: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return only(status, ['phase', 'startTime', 'conditions', 'containerStatuses', 'podIPs', 'reason']);
}

function event(object: KubernetesObject): KubernetesObject {
  const { name, namespace } = object.metadata;
  const kept = only(object, ['apiVersion', 'kind', 'involvedObject', 'reason', 'message', 'type', 'count', 'lastTimestamp', 'eventTime']);
  return { ...kept, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } } as KubernetesObject;
}

const only = (value: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(fields.flatMap(field => (value[field] === undefined ? [] : [[field, value[field]]])));

const without = (value: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field)));

/** An item of a list as an object of its own; lists leave out kind and version. */
export function itemOf(item: unknown, apiVersion: string, kind: string): KubernetesObject | undefined {
  if (!isRecord(item) || textAt(item, 'metadata', 'name') === '') return undefined;
  return { ...item, apiVersion, kind } as KubernetesObject;
}
