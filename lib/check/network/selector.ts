import { type FieldPath, isRecord } from '../../objects/index.js';

export type Labels = Readonly<Record<string, string>>;

export const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

interface Requirement {
  readonly key: string;
  readonly operator: (typeof OPERATORS)[number];
  readonly values: ReadonlySet<string>;
}

/** A metav1.LabelSelector; without any requirement it selects everything. */
export class Selector {
  /** Everything. */
  static readonly EMPTY = new Selector([]);

  /** Labels of which one must be there with one of these values: where an index finds all candidates. */
  readonly anchors: readonly Requirement[];
  #key: string | undefined;

  constructor(readonly requirements: readonly Requirement[]) {
    this.anchors = requirements.filter(({ operator }) => operator === 'In');
  }

  /** Equal texts select the same. */
  get key(): string {
    this.#key ??= this.requirements
      .map(({ key, operator, values }) => `${key} ${operator} ${values.size === 1 ? [...values][0] : [...values].sort().join('|')}`)
      .sort()
      .join(', ');
    return this.#key;
  }

  /** All requirements hold. `NotIn` and `DoesNotExist` hold where there is no such label. */
  matches(labels: Labels): boolean {
    return this.requirements.every(({ key, operator, values }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      switch (operator) {
        case 'In':
          return value !== undefined && values.has(value);
        case 'NotIn':
          return value === undefined || !values.has(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
        default:
          return operator satisfies never;
      }
    });
  }
}

/** What is wrong with a field, as the API server would say when it refuses the object. */
export type Refuse = (path: FieldPath, problem: string) => void;

/** Reads a selector; `null` is one that was left out. */
export function readSelector(value: unknown, path: FieldPath, refuse: Refuse): Selector {
  if (value === undefined || value === null) return Selector.EMPTY;
  if (!isRecord(value)) {
    refuse(path, 'is no label selector');
    return Selector.EMPTY;
  }
  return new Selector([
    ...readMatchLabels(value.matchLabels, [...path, 'matchLabels'], refuse),
    ...readExpressions(value.matchExpressions, [...path, 'matchExpressions'], refuse),
  ]);
}

function readMatchLabels(value: unknown, path: FieldPath, refuse: Refuse): Requirement[] {
  if (value === undefined || value === null) return [];
  if (!isRecord(value)) {
    refuse(path, 'is no map of labels');
    return [];
  }
  return Object.entries(value).flatMap(([key, text]) => {
    if (typeof text === 'string') return [{ key, operator: 'In' as const, values: new Set([text]) }];
    refuse([...path, key], 'is no text');
    return [];
  });
}

function readExpressions(value: unknown, path: FieldPath, refuse: Refuse): Requirement[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    refuse(path, 'is no list');
    return [];
  }
  return value.flatMap((item: unknown, index): Requirement[] => {
    const at = [...path, index];
    if (!isRecord(item) || typeof item.key !== 'string') {
      refuse(at, 'has no key');
      return [];
    }
    const operator = OPERATORS.find(name => name === item.operator);
    if (!operator) {
      refuse([...at, 'operator'], `is ${JSON.stringify(item.operator) ?? 'missing'}, expected ${OPERATORS.join(', ')}`);
      return [];
    }
    const values: readonly unknown[] = Array.isArray(item.values) ? item.values : [];
    const texts = values.filter(text => typeof text === 'string');
    if (texts.length !== values.length) refuse([...at, 'values'], 'holds something that is no text');
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues && texts.length === 0) refuse([...at, 'values'], `is empty, but operator ${operator} needs values`);
    if (!needsValues && texts.length > 0) refuse([...at, 'values'], `must be empty with operator ${operator}`);
    return [{ key: item.key, operator, values: new Set(texts) }];
  });
}
