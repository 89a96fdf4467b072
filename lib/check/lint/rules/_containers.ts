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

export function environment({ value, path }: ContainerView): EnvironmentVariable[] {
  return listAt(value, 'env').map((variable, index) => ({
    name: textAt(variable, 'name'),
    value: textAt(variable, 'value'),
    from: mapAt(variable, 'valueFrom'),
    path: [...path, 'env', index],
  }));
}

export interface ArgumentText {
  readonly text: string;
  readonly path: FieldPath;
}

/** `command` and `args`, word by word. */
export function argumentsOf({ value, path }: ContainerView): ArgumentText[] {
  return ['command', 'args'].flatMap(field =>
    listAt(value, field).flatMap((text, index) => (typeof text === 'string' ? [{ text, path: [...path, field, index] }] : [])),
  );
}

/** The value of `--flag=value` or `--flag value`; undefined when the flag is not there. */
export function flagValue(words: readonly ArgumentText[], flag: RegExp): { readonly value: string; readonly path: FieldPath } | undefined {
  for (const [index, { text, path }] of words.entries()) {
    const [name = '', ...rest] = text.split('=');
    if (!flag.test(name)) continue;
    if (rest.length > 0) return { value: rest.join('='), path };
    const next = words[index + 1]?.text ?? '';
    return { value: next.startsWith('-') ? '' : next, path };
  }
  return undefined;
}
