import { isRecord, type KubernetesObject, objectName } from '../../objects/index.js';
import { leaves } from './leaves.js';
import type { Effect, Fact, Field } from './types.js';

/** By the path below `spec`: what runs, how often and with which resources is the service's own business. */
const OWN_BUSINESS =
  /^(?:replicas|schedule|progressDeadlineSeconds|minReadySeconds|revisionHistoryLimit|strategy|updateStrategy|terminationGracePeriodSeconds|successfulJobsHistoryLimit|failedJobsHistoryLimit)\b|\.(?:image|imagePullPolicy|command|args|resources|livenessProbe|readinessProbe|startupProbe|terminationGracePeriodSeconds|affinity|topologySpreadConstraints|tolerations|nodeSelector|priorityClassName)\b|\.env\[(?!MTLS_)/;
const LONG_PATH = /^(?:jobTemplate\.spec\.)?template\.(?:spec\.)?/;
/** Values that may be anything, a password too. */
const PRIVATE = /\.env\[(?!MTLS_)|^(?:data|stringData)\b/;

/** A Deployment, StatefulSet, DaemonSet, Job or CronJob. */
export function workloadFact(object: KubernetesObject, source: string): Fact {
  const subject = objectName(object);
  const fields = leaves(object.spec ?? {}, meaningOf)
    .map(hidePrivate)
    .map(shortened);
  return { section: 'workloads', key: subject, subject, appears: 'none', fields, sources: [source] };
}

const meaningOf = (path: string): Effect | undefined => (OWN_BUSINESS.test(path) ? 'none' : undefined);

/** Still compared, never printed. */
export function hidePrivate(field: Field): Field {
  if (!PRIVATE.test(field.name)) return field;
  if ('items' in field) return { name: field.name, value: field.items.join('\n'), shown: '(not shown)', effect: field.grows };
  return { ...field, shown: '(not shown)' };
}

const shortened = (field: Field): Field => ({ ...field, name: field.name.replace(LONG_PATH, 'pod ').replace(/^pod (?=containers\[)/, '') });

/** Ports, selector and kind of a Service, or the account of a workload. */
export function serviceFact(object: KubernetesObject, source: string): Fact {
  const name = objectName(object);
  const { apiVersion: _a, kind: _k, metadata: _m, status: _s, spec, ...rest } = object;
  const fields = [
    ...(isRecord(spec) ? leaves(spec, path => (path.startsWith('ports') ? 'none' : undefined)) : []),
    ...(Object.keys(rest).length === 0 ? [] : leaves(rest, () => undefined)),
  ];
  return { section: 'services', key: name, subject: name, appears: 'none', fields, sources: [source] };
}
