import type { Plan } from '../../fleet/plan.js';
import type { KubernetesObject } from '../../objects/index.js';
import { type Labels, NAMESPACE_NAME_LABEL, type NetworkPolicy, type Peer, peerKey, type Selector } from '../network/index.js';
import { isPods } from './roles.js';

/** A pod that need not exist: anybody who may make pods can make it. */
export interface Witness {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
}

/** A namespace of nobody; no DNS label, so that it can't be a real one. */
export const ANYWHERE = 'another.namespace';

/**
 * The plainest pods that the peers of rendered policies find, with the namespaces that they need. Peers that are
 * declared are left out: their pods play declared parts already.
 */
export function witnessesOf(
  policies: readonly NetworkPolicy[],
  plan: Plan,
): { readonly witnesses: readonly Witness[]; readonly namespaces: readonly KubernetesObject[] } {
  const declared = new Set<string>();
  for (const { namespace, selectorLabels } of plan.services) declared.add(keyOf(namespace, selectorLabels));
  for (const peer of [...plan.network.dns, ...plan.externals.flatMap(({ peers }) => peers)])
    if (isPods(peer)) declared.add(keyOf(peer.namespace, peer.labels));
  const witnesses = new Map<string, Witness>();
  const namespaces = new Map<string, KubernetesObject>();
  for (const { peer, policyNamespace } of podPeers(policies).values()) {
    for (const labels of examplesOf(peer.pods)) {
      for (const namespace of namespacesOf(peer, policyNamespace, namespaces)) {
        const key = keyOf(namespace, labels);
        if (declared.has(key)) continue;
        witnesses.set(key, { name: witnessName(namespace, labels), namespace, labels });
      }
    }
  }
  return { witnesses: [...witnesses.values()], namespaces: [...namespaces.values()] };
}

type PodPeer = Extract<Peer, { kind: 'pods' }>;

/** Each that finds something else, by its key. */
function podPeers(policies: readonly NetworkPolicy[]): ReadonlyMap<string, { readonly peer: PodPeer; readonly policyNamespace: string }> {
  const found = new Map<string, { readonly peer: PodPeer; readonly policyNamespace: string }>();
  for (const { rules, namespace } of policies)
    for (const { peers } of [...(rules.ingress ?? []), ...(rules.egress ?? [])])
      for (const peer of peers ?? []) {
        if (peer.kind !== 'pods') continue;
        const key = peerKey(peer, namespace);
        if (!found.has(key)) found.set(key, { peer, policyNamespace: namespace });
      }
  return found;
}

function namespacesOf(peer: PodPeer, policyNamespace: string, made: Map<string, KubernetesObject>): readonly string[] {
  if (!peer.namespaces) return [policyNamespace];
  return examplesOf(peer.namespaces).map(labels => {
    const { [NAMESPACE_NAME_LABEL]: name, ...others } = labels;
    if (name !== undefined) return name;
    if (Object.keys(others).length === 0) return ANYWHERE;
    const key = keyOf('', others);
    const known = made.get(key);
    if (known) return known.metadata.name;
    const metadata = { name: `${ANYWHERE}.${made.size + 1}`, labels: others };
    made.set(key, { apiVersion: 'v1', kind: 'Namespace', metadata });
    return metadata.name;
  });
}

/** Values of one key that are tried; more of them would say the same. */
const MOST_EXAMPLES = 8;

/** The least labels that a selector asks for; one set for each value of the first key that allows several. */
function examplesOf(selector: Selector): readonly Labels[] {
  let examples: readonly Labels[] = [{}];
  for (const { key, operator, values } of selector.requirements) {
    if (operator !== 'In' && operator !== 'Exists') continue;
    const texts = operator === 'Exists' ? ['any'] : [...values];
    examples = examples
      .flatMap(labels => (Object.hasOwn(labels, key) ? [labels] : texts.map(text => ({ ...labels, [key]: text }))))
      .slice(0, MOST_EXAMPLES);
  }
  return examples.filter(labels => selector.matches(labels));
}

const keyOf = (namespace: string, labels: Labels): string =>
  `${namespace} ${Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',')}`;

function witnessName(namespace: string, labels: Labels): string {
  const where = namespace.startsWith(ANYWHERE) ? 'another namespace' : `namespace ${namespace}`;
  const texts = Object.entries(labels).map(([key, value]) => `${key}: ${value}`);
  return texts.length === 0 ? `any pod of ${where}` : `any pod of ${where} with ${texts.join(', ')}`;
}
