import type { ObjectSet } from '../../objects/index.js';
import type { Family } from './addresses.js';
import { type ClassRules, type OpenPorts, resolve, rulesOf } from './class-rules.js';
import { classify, PeerNumbers, type PodClass } from './classes.js';
import { type Question, type Side, sideOf } from './decision.js';
import { Namespaces } from './namespaces.js';
import { type OutsideConnection, outsideOf } from './outside.js';
import { DIRECTIONS, type Direction, type NetworkPolicy, type NetworkProblem } from './policy.js';
import { Ports } from './ports.js';
import { type Policies, readPolicies } from './read-policies.js';
import { type Workload, workloadsOf } from './workloads.js';

/** Connections that may be opened from one workload to another, to the ports of its pods. */
export interface Connection {
  readonly from: Workload;
  readonly to: Workload;
  readonly ports: Ports;
}

/**
 * What NetworkPolicies (networking.k8s.io/v1) let through, by the text of the API: who may open a connection to which
 * port. Computed on classes of pods that all policies treat alike, for pods of any number.
 *
 * Traffic between a pod and its own node is always allowed and does not show here: no manifest says which node that is.
 */
export class Network {
  readonly workloads: readonly Workload[];
  readonly policies: readonly NetworkPolicy[];
  /** Objects that were not taken into account, and why. */
  readonly problems: readonly NetworkProblem[];
  readonly classes: readonly PodClass[];
  readonly namespaces: Namespaces;
  readonly #numbers = new PeerNumbers();
  readonly #rules: Readonly<Record<Direction, readonly ClassRules[]>>;
  readonly #classesOf = new Map<Workload, PodClass[]>();
  readonly #found = new Map<number, PodClass[]>();

  /** @param read the policies of the same objects, where they were read before */
  constructor(objects: ObjectSet, read: Policies = readPolicies(objects)) {
    this.policies = read.policies;
    this.problems = read.problems;
    this.workloads = workloadsOf(objects);
    this.namespaces = new Namespaces(objects);
    for (const policy of this.policies)
      for (const direction of DIRECTIONS)
        for (const rule of policy.rules[direction] ?? []) for (const peer of rule.peers ?? []) this.#numbers.of(peer, policy);
    this.classes = classify(this.workloads, this.policies, this.#numbers, this.namespaces);
    const rules = (direction: Direction): readonly ClassRules[] =>
      this.classes.map(pods => rulesOf(pods, direction, this.policies, this.#numbers));
    this.#rules = { ingress: rules('ingress'), egress: rules('egress') };
    for (const pods of this.classes) {
      for (const workload of pods.members) push(this.#classesOf, workload, pods);
      for (const peer of new Set([...pods.peers.values()].flat())) push(this.#found, peer, pods);
    }
  }

  classesOf(workload: Workload): readonly PodClass[] {
    return this.#classesOf.get(workload) ?? [];
  }

  workload(namespace: string, name: string, kind?: string): Workload | undefined {
    return this.workloads.find(
      workload => workload.namespace === namespace && workload.name === name && (kind === undefined || workload.kind === kind),
    );
  }

  /** Ports that some pod of one workload may open at some pod of the other; of one and the same, between two of its pods. */
  between(from: Workload, to: Workload): Ports {
    const pairs = this.classesOf(from).flatMap(source => this.classesOf(to).map(target => this.betweenClasses(source, target)));
    return Ports.union(pairs);
  }

  betweenClasses(source: PodClass, target: PodClass): Ports {
    const [egress, ingress] = [this.#rulesAt('egress', source), this.#rulesAt('ingress', target)];
    let ports = Ports.NONE;
    for (const [family, found] of target.peers) {
      const callers = source.peers.get(family);
      if (!callers) continue;
      const out = resolve(allowed(egress, found), target);
      if (!out.isEmpty) ports = ports.union(out.intersect(allowed(ingress, callers).numbers));
      // without a block that finds one of them, both families are the same
      if (source.peers.get(other(family)) === callers && target.peers.get(other(family)) === found) break;
    }
    return ports;
  }

  /** Every pair of classes with a port open, found from the rules rather than by trying all pairs. */
  *classConnections(): Generator<{ readonly from: PodClass; readonly to: PodClass; readonly ports: Ports }> {
    const open = this.classes.filter(target => isOpen(this.#rulesAt('ingress', target)));
    const callees = this.#calleesByIngress();
    for (const from of this.classes) {
      const egress = this.#rulesAt('egress', from);
      const candidates = isOpen(egress)
        ? new Set([...open, ...(callees.get(from) ?? [])])
        : new Set([...egress.byPeer.keys()].flatMap(peer => this.#found.get(peer) ?? []));
      for (const to of candidates) {
        const ports = this.betweenClasses(from, to);
        if (!ports.isEmpty) yield { from, to, ports };
      }
    }
  }

  /** Every connection between workloads, a workload's own pods included, sorted by name. */
  connections(): readonly Connection[] {
    const found = new Map<Workload, Map<Workload, Ports>>();
    for (const { from, to, ports } of this.classConnections()) {
      for (const source of from.members) {
        const row = found.get(source) ?? new Map<Workload, Ports>();
        found.set(source, row);
        for (const target of to.members) row.set(target, (row.get(target) ?? Ports.NONE).union(ports));
      }
    }
    const order = new Map(this.workloads.map((workload, index) => [workload, index]));
    const byOrder = (a: readonly [Workload, unknown], b: readonly [Workload, unknown]): number =>
      (order.get(a[0]) ?? 0) - (order.get(b[0]) ?? 0);
    return [...found]
      .sort(byOrder)
      .flatMap(([from, row]) => [...row].sort(byOrder).map(([to, ports]): Connection => ({ from, to, ports })));
  }

  /** Addresses outside of the cluster that may open connections to a workload, or to which it may open some. */
  outside(workload: Workload, direction: Direction): readonly OutsideConnection[] {
    return outsideOf(
      this.classesOf(workload).map(pods => this.#rulesAt(direction, pods)),
      this.#numbers,
    );
  }

  /** Why a connection is let through or not: what each policy of both ends says of it. */
  decide(question: Question): { readonly egress: Side; readonly ingress: Side } {
    const side = (direction: Direction): Side => sideOf(direction, question, this.policies, this.#numbers);
    return { egress: side('egress'), ingress: side('ingress') };
  }

  #rulesAt(direction: Direction, pods: PodClass): ClassRules {
    const rules = this.#rules[direction][pods.id];
    if (!rules) throw new Error(`class ${pods.id} is of another network`);
    return rules;
  }

  #calleesByIngress(): ReadonlyMap<PodClass, readonly PodClass[]> {
    const callees = new Map<PodClass, PodClass[]>();
    for (const target of this.classes) {
      const callers = [...this.#rulesAt('ingress', target).byPeer.keys()].flatMap(peer => this.#found.get(peer) ?? []);
      for (const caller of new Set(callers)) push(callees, caller, target);
    }
    return callees;
  }
}

const other = (family: Family): Family => (family === 4 ? 6 : 4);

const isOpen = ({ everybody }: ClassRules): boolean => !everybody.numbers.isEmpty || everybody.names.size > 0;

/** What the rules of one side open for pods that these peers find. */
function allowed(rules: ClassRules, peers: readonly number[]): OpenPorts {
  let { numbers, names } = rules.everybody;
  if (rules.byPeer.size === 0) return rules.everybody;
  for (const peer of peers) {
    const open = rules.byPeer.get(peer);
    if (!open) continue;
    numbers = numbers.union(open.numbers);
    if (open.names.size > 0) names = new Set([...names, ...open.names]);
  }
  return { numbers, names };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
