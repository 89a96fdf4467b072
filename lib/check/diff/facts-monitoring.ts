import { isRecord, type KubernetesObject, objectName, valueAt } from '../../objects/index.js';
import { leaves } from './leaves.js';
import { canonical } from './shown.js';
import type { Fact } from './types.js';

/** Each rule of a PrometheusRule: an alert that goes away is something that nobody will notice. */
export function ruleFacts(object: KubernetesObject, source: string): readonly Fact[] {
  const groups = valueAt(object, ['spec', 'groups']);
  return (Array.isArray(groups) ? groups : []).flatMap((group: unknown) => {
    if (!isRecord(group)) return [];
    const { rules, name, ...rest } = group;
    const title = `rule group ${String(name)}`;
    const settings: Fact = fact(
      `${objectName(object)} ${title}`,
      title,
      'none',
      leaves(rest, () => 'none'),
      source,
    );
    return [settings, ...(Array.isArray(rules) ? rules : []).map((rule: unknown) => ruleFact(object, rule, source))];
  });
}

function ruleFact(object: KubernetesObject, rule: unknown, source: string): Fact {
  const { alert, record, labels, ...rest } = isRecord(rule) ? rule : { rule };
  const alerts = alert !== undefined;
  const names = isRecord(labels) ? [labels.severity, labels.name].filter(label => typeof label === 'string') : [];
  const subject = `${alerts ? `alert ${String(alert)}` : `recorded ${String(record)}`}${names.length === 0 ? '' : ` (${names.join(', ')})`}`;
  return fact(
    canonical([objectName(object), alert, record, labels]),
    subject,
    alerts ? 'stronger' : 'none',
    leaves(rest, () => 'none'),
    source,
  );
}

/** Whatever else watches; none of it protects. */
export function monitorFact(object: KubernetesObject, source: string): Fact {
  const name = objectName(object);
  return fact(
    name,
    name,
    'none',
    leaves(object.spec ?? object.data ?? {}, () => 'none'),
    source,
  );
}

function fact(key: string, subject: string, appears: Fact['appears'], fields: Fact['fields'], source: string): Fact {
  return { section: 'monitoring', key, subject, appears, fields, sources: [source] };
}
