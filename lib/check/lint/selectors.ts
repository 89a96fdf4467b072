import { listAt, mapAt, textAt, textsAt } from './values.js';

type Labels = Readonly<Record<string, unknown>>;

/** Whether a label selector of meta/v1 takes these labels. An operator that nobody knows takes none. */
export function selects(selector: unknown, labels: Labels): boolean {
  const wanted = mapAt(selector, 'matchLabels');
  for (const key of Object.keys(wanted)) if (labels[key] !== wanted[key]) return false;
  return listAt(selector, 'matchExpressions').every(expression => {
    const key = textAt(expression, 'key');
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const values = textsAt(expression, 'values');
    switch (textAt(expression, 'operator')) {
      case 'In':
        return typeof value === 'string' && values.includes(value);
      case 'NotIn':
        return typeof value !== 'string' || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/** Whether a selector takes everything. */
export const isEmptySelector = (selector: unknown): boolean =>
  Object.keys(mapAt(selector, 'matchLabels')).length === 0 && listAt(selector, 'matchExpressions').length === 0;

/** Labels that any object must have to be taken, `key=value` for an exact one: where to look it up. */
export function selectorText(selector: unknown): string {
  const exact = Object.entries(mapAt(selector, 'matchLabels')).map(([key, value]) => `${key}=${String(value)}`);
  const others = listAt(selector, 'matchExpressions').map(expression => `${textAt(expression, 'key')} ${textAt(expression, 'operator')}`);
  return [...exact, ...others].join(', ');
}
