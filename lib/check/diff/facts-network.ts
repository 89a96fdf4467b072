import { type FieldPath, isRecord, type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import type { Names, Peer } from './names.js';
import { canonical } from './shown.js';
import type { Fact } from './types.js';

type SourceOf = (object: KubernetesObject) => string;

interface Opening {
  readonly from: Peer;
  readonly to: Peer;
  readonly port: Port;
  readonly sides: Set<string>;
  /** Ranges inside of the peer's that stay closed; of two openings with one range, what both keep closed. */
  except: readonly string[];
  readonly sources: Set<string>;
}

interface Port {
  readonly words: string;
  readonly number: number | undefined;
}

/** What each NetworkPolicy opens, and which pods are closed otherwise. Policies add up, so they are read together. */
export function networkFacts(objects: ObjectSet, names: Names, sourceOf: SourceOf): readonly Fact[] {
  const openings = new Map<string, Opening>();
  const isolated = new Map<string, { readonly pods: Peer; readonly directions: Set<string>; readonly sources: Set<string> }>();
  for (const policy of objects.ofKind('NetworkPolicy', 'networking.k8s.io')) {
    const namespace = policy.metadata.namespace ?? '';
    const pods = names.pods(undefined, valueAt(policy, ['spec', 'podSelector']), namespace);
    const known = isolated.get(pods.key) ?? { pods, directions: new Set(), sources: new Set() };
    isolated.set(pods.key, known);
    known.sources.add(sourceOf(policy));
    for (const direction of directionsOf(policy)) {
      known.directions.add(direction);
      for (const [peer, except, port] of rulesOf(policy, direction, names, namespace)) {
        const [from, to] = direction === 'Ingress' ? [peer, pods] : [pods, peer];
        const key = canonical([from.key, to.key, port.words]);
        const opening = openings.get(key) ?? { from, to, port, sides: new Set(), except, sources: new Set() };
        opening.sides.add(direction === 'Ingress' ? 'into the callee' : 'out of the caller');
        opening.except = opening.except.filter(range => except.includes(range));
        opening.sources.add(sourceOf(policy));
        openings.set(key, opening);
      }
    }
  }
  return [...[...openings].map(([key, opening]) => openingFact(key, opening, names)), ...[...isolated.values()].map(isolationFact)];
}

/** Fields of the policy that the facts speak about; a rule of a direction that is not in force stays to be told. */
export function networkPaths(policy: KubernetesObject): readonly FieldPath[] {
  const rules = directionsOf(policy).map(direction => ['spec', direction.toLowerCase()]);
  return [['spec', 'podSelector'], ['spec', 'policyTypes'], ...rules];
}

function directionsOf(policy: KubernetesObject): readonly ('Ingress' | 'Egress')[] {
  const types = valueAt(policy, ['spec', 'policyTypes']);
  if (Array.isArray(types) && types.length > 0) return (['Ingress', 'Egress'] as const).filter(type => types.includes(type));
  return valueAt(policy, ['spec', 'egress']) === undefined ? ['Ingress'] : ['Ingress', 'Egress'];
}

function* rulesOf(
  policy: KubernetesObject,
  direction: 'Ingress' | 'Egress',
  names: Names,
  namespace: string,
): Iterable<[Peer, readonly string[], Port]> {
  const [field, side] = direction === 'Ingress' ? ['ingress', 'from'] : ['egress', 'to'];
  for (const rule of list(valueAt(policy, ['spec', field ?? '']))) {
    if (!isRecord(rule)) continue;
    const peers = list(rule[side ?? '']);
    const ports = list(rule.ports).map(portOf);
    // an empty list stands for everybody, and for every port
    for (const peer of peers.length > 0 ? peers : [undefined])
      for (const port of ports.length > 0 ? ports : [{ words: 'every port', number: undefined }])
        yield [peerOf(peer, names, namespace), exceptOf(peer), port];
  }
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function peerOf(peer: unknown, names: Names, namespace: string): Peer {
  if (!isRecord(peer)) return { key: 'anybody', words: 'anybody', service: undefined };
  const cidr = valueAt(peer, ['ipBlock', 'cidr']);
  if (cidr !== undefined) return { key: `cidr ${String(cidr)}`, words: `addresses ${String(cidr)}`, service: undefined };
  return names.pods(peer.namespaceSelector, peer.podSelector, namespace);
}

const exceptOf = (peer: unknown): readonly string[] => list(valueAt(peer, ['ipBlock', 'except'])).map(String);

function portOf(port: unknown): Port {
  const { protocol, port: number, endPort } = isRecord(port) ? port : {};
  const transport = typeof protocol === 'string' ? protocol : 'TCP';
  if (number === undefined) return { words: `every ${transport} port`, number: undefined };
  const from = typeof number === 'string' ? number : canonical(number);
  const range = endPort === undefined ? from : `${from}-${canonical(endPort)}`;
  return { words: `${transport} ${range}`, number: typeof number === 'number' && endPort === undefined ? number : undefined };
}

function openingFact(key: string, { from, to, port, sides, except, sources }: Opening, names: Names): Fact {
  const ports = to.service === undefined || port.number === undefined ? [] : names.ports(to.service, port.number);
  const secure = ports.filter(({ plain }) => !plain);
  const named = secure.length === 0 ? '' : `:${secure.map(({ name }) => name).join('|')}`;
  const plain = ports.some(other => other.plain) ? ', without TLS' : '';
  return {
    section: 'network',
    key,
    subject: `${from.words} → ${to.words}${named} (${port.words}${plain})`,
    appears: 'weaker',
    fields: [
      { name: 'open', items: [...sides].sort(), grows: 'weaker' },
      ...(except.length > 0 ? [{ name: 'closed inside', items: [...except].sort(), grows: 'stronger' } as const] : []),
    ],
    sources: [...sources].sort(),
    ...(from.service !== undefined &&
      to.service !== undefined && { calls: secure.map(({ name }) => `${from.service} → ${to.service}:${name}`) }),
  };
}

function isolationFact({
  pods,
  directions,
  sources,
}: {
  readonly pods: Peer;
  readonly directions: Set<string>;
  readonly sources: Set<string>;
}): Fact {
  return {
    section: 'network',
    key: `isolated ${pods.key}`,
    subject: `${pods.words} closed but for what is opened`,
    appears: 'stronger',
    fields: [{ name: 'directions', items: [...directions].sort(), grows: 'stronger' }],
    sources: [...sources].sort(),
  };
}
