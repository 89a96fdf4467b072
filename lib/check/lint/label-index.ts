import { isEmptySelector, selects } from './selectors.js';
import { mapAt } from './values.js';

type Labels = Readonly<Record<string, unknown>>;

const keyOf = (namespace: string, key: string, value: unknown): string => `${namespace}\u0000${key}\u0000${String(value)}`;

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** What has labels, by each of them: a selector looks at the fewest that can fit, not at all of a namespace. */
export class LabelIndex<T extends { readonly namespace: string; readonly labels: Labels }> {
  readonly #byLabel = new Map<string, T[]>();
  readonly #byNamespace = new Map<string, T[]>();
  readonly #found = new Map<string, readonly T[]>();

  constructor(items: readonly T[]) {
    for (const item of items) {
      push(this.#byNamespace, item.namespace, item);
      for (const [key, value] of Object.entries(item.labels)) push(this.#byLabel, keyOf(item.namespace, key, value), item);
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
    if (isEmptySelector(selector)) return this.in(namespace);
    const key = `${namespace}\u0000${JSON.stringify(selector)}`;
    let found = this.#found.get(key);
    if (!found) {
      found = this.#fewest(namespace, mapAt(selector, 'matchLabels')).filter(({ labels }) => selects(selector, labels));
      this.#found.set(key, found);
    }
    return found;
  }

  #fewest(namespace: string, wanted: Labels): readonly T[] {
    let fewest: readonly T[] = this.in(namespace);
    for (const [key, value] of Object.entries(wanted)) {
      const having = this.#byLabel.get(keyOf(namespace, key, value)) ?? [];
      if (having.length < fewest.length) fewest = having;
    }
    return fewest;
  }
}

/** What selects by labels, found from the labels of what it selects. */
export class SelectorIndex<T extends { readonly namespace: string }> {
  readonly #byLabel = new Map<string, T[]>();
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
      else push(this.#byLabel, keyOf(item.namespace, key, value), item);
    }
  }

  /** In no particular order. */
  selecting(namespace: string, labels: Labels): readonly T[] {
    const candidates = [...(this.#others.get(namespace) ?? [])];
    for (const [key, value] of Object.entries(labels)) candidates.push(...(this.#byLabel.get(keyOf(namespace, key, value)) ?? []));
    return candidates.filter(item => this.takes(item, labels));
  }
}
