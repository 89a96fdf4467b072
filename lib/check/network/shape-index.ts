import type { Namespaces } from './namespaces.js';
import type { PodShape } from './pods.js';
import type { Selector } from './selector.js';
import type { Workload } from './workloads.js';

/** Finds pods by selector without a look at all of them: by namespace, and by the rarest label that a selector asks for. */
export class ShapeIndex {
  readonly shapes: readonly { readonly shape: PodShape; readonly workloads: readonly Workload[] }[];
  readonly #byNamespace = new Map<string, number[]>();
  readonly #byLabel = new Map<string, number[]>();
  readonly #namespacesOf = new Map<string, readonly string[]>();

  constructor(
    workloads: readonly Workload[],
    private readonly namespaces: Namespaces,
  ) {
    const shapes = new Map<string, { shape: PodShape; workloads: Workload[] }>();
    for (const workload of workloads) {
      for (const shape of workload.shapes) {
        const key = shapeKey(shape);
        const known = shapes.get(key);
        if (!known) shapes.set(key, { shape, workloads: [workload] });
        else if (known.workloads.at(-1) !== workload) known.workloads.push(workload);
      }
    }
    this.shapes = [...shapes.values()];
    for (const [position, { shape }] of this.shapes.entries()) {
      // no selector finds what is on the host's network
      if (shape.hostNetwork) continue;
      push(this.#byNamespace, shape.namespace, position);
      for (const [key, value] of Object.entries(shape.labels)) push(this.#byLabel, labelKey(shape.namespace, key, value), position);
    }
  }

  get size(): number {
    return this.shapes.length;
  }

  /** Positions in `shapes` of the pods of one namespace that a selector finds. */
  inNamespace(namespace: string, selector: Selector): readonly number[] {
    let candidates = this.#byNamespace.get(namespace) ?? [];
    for (const { key, values } of selector.anchors) {
      const lists = [...values].map(value => this.#byLabel.get(labelKey(namespace, key, value)) ?? []);
      const found = lists.length === 1 ? (lists[0] ?? []) : lists.flat();
      if (found.length < candidates.length) candidates = found;
    }
    return candidates.filter(position => selector.matches(this.shapes[position]?.shape.labels ?? {}));
  }

  inNamespaces(namespaces: Selector, selector: Selector): readonly number[] {
    return this.#namespacesThat(namespaces).flatMap(namespace => this.inNamespace(namespace, selector));
  }

  #namespacesThat(selector: Selector): readonly string[] {
    const { key } = selector;
    const known = this.#namespacesOf.get(key);
    if (known) return known;
    const found = [...this.#byNamespace.keys()].filter(namespace => selector.matches(this.namespaces.labels(namespace)));
    this.#namespacesOf.set(key, found);
    return found;
  }
}

const labelKey = (namespace: string, key: string, value: string): string => `${namespace}\0${key}\0${value}`;

function shapeKey({ namespace, labels, ports, hostNetwork, addresses }: PodShape): string {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([namespace, entries, ports, hostNetwork, addresses.map(String)]);
}

function push(map: Map<string, number[]>, key: string, position: number): void {
  const list = map.get(key);
  if (list) list.push(position);
  else map.set(key, [position]);
}
