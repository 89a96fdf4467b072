import { isEmptySelector, selects } from './selectors.js';
import { mapAt } from './values.js';

type Labels = Readonly<Record<string, unknown>>;

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

type ByLabel<T> = Map<string, Map<string, Map<unknown, T[]>>>;

const at = <T>(index: ByLabel<T>, namespace: string, key: string, value: unknown): readonly T[] =>
  index.get(namespace)?.get(key)?.get(value) ?? [];

function put<T>(index: ByLabel<T>, namespace: string, key: string, value: unknown, item: T): void {
  const keys = index.get(namespace) ?? new Map<string, Map<unknown, T[]>>();
  const values = keys.get(key) ?? new Map<unknown, T[]>();
  const items = values.get(value);
  if (items) items.push(item);
  else index.set(namespace, keys.set(key, values.set(value, [item])));
}

/** What has labels, by each of them: a selector looks at the fewest that can fit, not at all of a namespace. */
export class LabelIndex<T extends { readonly namespace: string; readonly labels: Labels }> {
  readonly #byLabel: ByLabel<T> = new Map();
  readonly #byNamespace = new Map<string, T[]>();
  /** By selector, since each is asked by many rules. */
  readonly #found = new WeakMap<object, Map<string, readonly T[]>>();

  constructor(items: readonly T[]) {
    for (const item of items) {
      push(this.#byNamespace, item.namespace, item);
      for (const key of Object.keys(item.labels)) put(this.#byLabel, item.namespace, key, item.labels[key], item);
    }
  }

  in(namespace: string): readonly T[] {
    return this.#byNamespace.get(namespace) ?? [];
  }

  get namespaces(): readonly string[] {
    return [...this.#byNamespace.keys()];
  }

  /** What a label selector of meta/v1 takes in a namespace. */
  selected(namespace: string, selector: unknown): readonly T[] {
    if (typeof selector !== 'object' || selector === null || isEmptySelector(selector)) return this.in(namespace);
    const known = this.#found.get(selector)?.get(namespace);
    if (known) return known;
    const found = this.#fewest(namespace, mapAt(selector, 'matchLabels')).filter(({ labels }) => selects(selector, labels));
    const inNamespaces = this.#found.get(selector) ?? new Map<string, readonly T[]>();
    this.#found.set(selector, inNamespaces.set(namespace, found));
    return found;
  }

  #fewest(namespace: string, wanted: Labels): readonly T[] {
    let fewest: readonly T[] = this.in(namespace);
    for (const key of Object.keys(wanted)) {
      const having = at(this.#byLabel, namespace, key, wanted[key]);
      if (having.length < fewest.length) fewest = having;
    }
    return fewest;
  }
}

/** What selects by labels, found from the labels of what it selects. */
export class SelectorIndex<T extends { readonly namespace: string }> {
  readonly #byLabel: ByLabel<T> = new Map();
  readonly #others = new Map<string, T[]>();

  /** `exact`: labels that every selected thing must have. */
  constructor(
    items: readonly T[],
    exact: (item: T) => Labels,
    private readonly takes: (item: T, labels: Labels) => boolean,
  ) {
    for (const item of items) {
      const entries = Object.entries(exact(item));
      // the label of a fleet or an application is on many, that of a component on one
      const [key, value] = entries.find(([name]) => /(?:^|\/)(?:name|app|component)$/.test(name)) ?? entries.at(-1) ?? [];
      if (key === undefined) push(this.#others, item.namespace, item);
      else put(this.#byLabel, item.namespace, key, value, item);
    }
  }

  /** In no particular order. */
  selecting(namespace: string, labels: Labels): readonly T[] {
    const candidates = [...(this.#others.get(namespace) ?? [])];
    for (const key of Object.keys(labels)) candidates.push(...at(this.#byLabel, namespace, key, labels[key]));
    return candidates.filter(item => this.takes(item, labels));
  }
}
