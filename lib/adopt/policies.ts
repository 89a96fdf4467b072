import { isRecord, type KubernetesObject, type ObjectSet, valueAt } from '../objects/index.js';
import type { DraftCall, DraftExternal } from './draft.js';
import type { Group } from './services.js';
import { list, namespaceOf, text, texts } from './workloads.js';

export interface PolicyCalls {
  /** By the caller's name. */
  readonly calls: ReadonlyMap<string, readonly DraftCall[]>;
  readonly externals: readonly DraftExternal[];
  readonly open: readonly string[];
}

/** Calls that the ingress rules of NetworkPolicies name. What a rule opens to everybody is no call, and stays open. */
export function policyCalls(objects: ObjectSet, groups: readonly Group[]): PolicyCalls {
  const calls = new Map<string, DraftCall[]>();
  const externals = new Map<string, { at: string; calls: DraftCall[]; note: string }>();
  const open: string[] = [];
  for (const policy of objects.ofKind('NetworkPolicy', 'networking.k8s.io')) {
    const where = `NetworkPolicy ${policy.metadata.name}`;
    const callees = groups.filter(
      group => group.ports.length > 0 && chosen(valueAt(policy, ['spec', 'podSelector']), namespaceOf(policy), group),
    );
    for (const rule of list(valueAt(policy, ['spec', 'ingress']))) {
      const peers = list(valueAt(rule, ['from']));
      if (peers.length === 0 && callees.length > 0)
        open.push(`${where} lets everybody in to ${callees.map(({ name }) => name).join(', ')}`);
      for (const callee of callees) {
        const targets = portsOf(rule, callee).map(port => ({ to: `${callee.name}:${port}`, note: `from ${where}` }));
        for (const peer of peers) {
          const [outside, callers] = peerOf(peer, policy, groups);
          if (callers === 'all') open.push(`${where} lets all pods of a namespace in to ${callee.name}`);
          else for (const caller of callers) if (caller !== callee) add(calls, caller.name, targets);
          if (outside !== undefined) {
            const known = externals.get(outside.name);
            if (known) known.calls.push(...targets);
            else externals.set(outside.name, { at: outside.at, calls: [...targets], note: `from ${where}` });
          }
        }
      }
    }
  }
  return { calls, externals: [...externals].map(([name, external]) => ({ name, ...external, calls: once(external.calls) })), open };
}

type Outside = { readonly name: string; readonly at: string };

/** Who a peer is: groups of the fleet, somebody outside, or everybody in a namespace. */
function peerOf(
  peer: unknown,
  policy: KubernetesObject,
  groups: readonly Group[],
): readonly [Outside | undefined, readonly Group[] | 'all'] {
  const cidr = text(valueAt(peer, ['ipBlock', 'cidr']));
  if (cidr !== undefined) return [{ name: `range-${cidr.replace(/[^a-zA-Z0-9]+/g, '-').toLowerCase()}`, at: `{ cidrs: ["${cidr}"] }` }, []];
  const pods = valueAt(peer, ['podSelector']);
  const namespaces = valueAt(peer, ['namespaceSelector']);
  const namespace =
    namespaces === undefined ? namespaceOf(policy) : text(valueAt(namespaces, ['matchLabels', 'kubernetes.io/metadata.name']));
  if (namespace === undefined) return [undefined, 'all'];
  const labels = texts(valueAt(pods, ['matchLabels']));
  const isAll = Object.keys(labels).length === 0 && valueAt(pods, ['matchExpressions']) === undefined;
  const inside = groups.filter(group => chosen(pods, namespace, group));
  if (isAll && groups.some(group => group.namespace === namespace)) return [undefined, 'all'];
  if (inside.length > 0) return [undefined, inside];
  const shown = Object.entries(labels).map(([key, value]) => `"${key}": "${value}"`);
  const name = labels['app.kubernetes.io/name'] ?? labels.app ?? namespace;
  return [{ name, at: `{ namespace: "${namespace}"${shown.length === 0 ? '' : `, labels: { ${shown.join(', ')} }`} }` }, []];
}

/** Labels by name alone: what expressions choose is not followed. */
function chosen(selector: unknown, namespace: string, group: Group): boolean {
  if (group.namespace !== namespace || (isRecord(selector) && selector.matchExpressions !== undefined)) return false;
  const wanted = Object.entries(texts(valueAt(selector, ['matchLabels'])));
  return group.workloads.every(({ labels }) => wanted.every(([key, value]) => labels[key] === value));
}

function portsOf(rule: unknown, callee: Group): readonly string[] {
  const named = list(valueAt(rule, ['ports'])).map(port => valueAt(port, ['port']));
  const wanted = (port: Group['ports'][number]): boolean =>
    named.length === 0 ||
    named.some(
      each =>
        each === port.targetPort ||
        (typeof each === 'string' &&
          callee.workloads.some(({ containers }) => containers.some(({ ports }) => ports.get(each) === port.targetPort))),
    );
  return callee.ports.filter(wanted).map(({ name }) => name);
}

function add(calls: Map<string, DraftCall[]>, caller: string, targets: readonly DraftCall[]): void {
  const known = calls.get(caller) ?? [];
  calls.set(caller, once([...known, ...targets]));
}

const once = (calls: readonly DraftCall[]): DraftCall[] =>
  [...new Map([...calls].reverse().map(call => [call.to, call])).values()].sort((a, b) => (a.to < b.to ? -1 : 1));
