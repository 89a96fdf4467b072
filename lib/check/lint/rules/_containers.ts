import type { FieldPath } from '../../../objects/index.js';
import { listAt, mapAt, textAt } from '../values.js';
import type { ContainerView } from '../world.js';

export interface EnvironmentVariable {
  readonly name: string;
  /** Empty where the value comes from elsewhere. */
  readonly value: string;
  readonly from: Readonly<Record<string, unknown>>;
  readonly path: FieldPath;
}

const NONE: readonly never[] = [];

/** By container, since each is asked by many rules. */
const variables = new WeakMap<ContainerView, readonly EnvironmentVariable[]>();
const words = new WeakMap<ContainerView, readonly ArgumentText[]>();

export function environment(container: ContainerView): readonly EnvironmentVariable[] {
  let found = variables.get(container);
  if (!found) {
    const { value, path } = container;
    found =
      value.env === undefined
        ? NONE
        : listAt(value, 'env').map((variable, index) => ({
            name: textAt(variable, 'name'),
            value: textAt(variable, 'value'),
            from: mapAt(variable, 'valueFrom'),
            path: [...path, 'env', index],
          }));
    variables.set(container, found);
  }
  return found;
}

export interface ArgumentText {
  readonly text: string;
  readonly path: FieldPath;
}

/** `command` and `args`, word by word. */
export function argumentsOf(container: ContainerView): readonly ArgumentText[] {
  let found = words.get(container);
  if (!found) {
    const { value, path } = container;
    found =
      value.args === undefined && value.command === undefined
        ? NONE
        : ['command', 'args'].flatMap(field =>
            listAt(value, field).flatMap((text, index) => (typeof text === 'string' ? [{ text, path: [...path, field, index] }] : [])),
          );
    words.set(container, found);
  }
  return found;
}

/** The value of `--flag=value` or `--flag value`; undefined when the flag is not there. */
export function flagValue(given: readonly ArgumentText[], flag: RegExp): { readonly value: string; readonly path: FieldPath } | undefined {
  for (const [index, { text, path }] of given.entries()) {
    const [name = '', ...rest] = text.split('=');
    if (!flag.test(name)) continue;
    if (rest.length > 0) return { value: rest.join('='), path };
    const next = given[index + 1]?.text ?? '';
    return { value: next.startsWith('-') ? '' : next, path };
  }
  return undefined;
}
