import { scalarText } from './_scalar-text.js';
import type { Param } from './param.js';

interface Branch {
  readonly children: Map<string, Branch | Param>;
}

/** values.yaml: every value with a comment that says what it does (`# --`, as helm-docs reads it). */
export function valuesFile(params: readonly Param[]): string {
  return render(treeOf(params), 0).trimStart();
}

function treeOf(params: readonly Param[]): Branch {
  const root: Branch = { children: new Map() };
  for (const param of params) {
    let branch = root;
    for (const key of param.keys.slice(0, -1)) {
      const known = branch.children.get(key);
      const next: Branch = known !== undefined && 'children' in known ? known : { children: new Map() };
      branch.children.set(key, next);
      branch = next;
    }
    branch.children.set(param.keys.at(-1) ?? '', param);
  }
  return root;
}

function render(branch: Branch, depth: number): string {
  const indent = '  '.repeat(depth);
  let text = '';
  for (const [key, child] of branch.children) {
    const apart = depth === 0 ? '\n' : '';
    if ('children' in child) text += `${apart}${indent}${key}:\n${render(child, depth + 1)}`;
    else text += `${apart}${comment(child, indent)}${indent}${key}:${yaml(child.props.value, depth + 1)}`;
  }
  return text;
}

function comment(param: Param, indent: string): string {
  const { doc, fallback } = param.props;
  const lines = [`# -- ${doc}`];
  if (fallback?.kind === 'environment') {
    const defaults = Object.entries(fallback.values).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    lines.push(`# empty: ${defaults.join(', ')}`);
  }
  return lines.map(line => `${indent}${line}\n`).join('');
}

/** A value behind its key, to the end of its lines. */
export function yaml(value: unknown, depth: number): string {
  const indent = '  '.repeat(depth);
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []\n';
    return `\n${value.map(item => `${indent}-${itemYaml(item, depth + 1)}`).join('')}`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    if (fields.length === 0) return ' {}\n';
    return `\n${fields.map(([key, field]) => `${indent}${scalarText(key)}:${yaml(field, depth + 1)}`).join('')}`;
  }
  return ` ${plain(value)}\n`;
}

function itemYaml(item: unknown, depth: number): string {
  if (typeof item !== 'object' || item === null) return ` ${plain(item)}\n`;
  const text = yaml(item, depth);
  // the dash takes the place of the indentation of the first line
  return text.startsWith('\n') ? ` ${text.slice(1 + depth * 2)}` : text;
}

/** No template action is run in values.yaml, so nothing is escaped. */
function plain(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return value.includes('{{') ? JSON.stringify(value) : scalarText(value);
  return JSON.stringify(value);
}
