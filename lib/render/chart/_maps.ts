import { parenthesized } from './condition.js';
import type { Expression, Root } from './expression.js';
import { PREFIX } from './param.js';

/** The map or list at the dot, below a key; nothing stands before it at the beginning of a line. */
export const toYaml = (indent: string): string =>
  indent === '' ? '{{ toYaml . }}\n' : `${indent}{{- toYaml . | nindent ${indent.length} }}\n`;

/** All of them as one map: the first is the strongest. */
export function mergedMap(spreads: readonly Expression[], root: Root): string {
  const [only, ...others] = spreads;
  if (only !== undefined && others.length === 0) return asMap(only, root);
  const maps = [...spreads].reverse().map(spread => parenthesized(asMap(spread, root)));
  return `include "${PREFIX}merge" (list ${maps.join(' ')}) | fromYaml`;
}

const asMap = (value: Expression, root: Root): string => (value.isText ? `${value.go(root)} | fromYaml` : value.go(root));

/** A list as such, whatever the pipeline of its value gives. */
export const asList = (value: Expression, root: Root): string => (value.isText ? `${value.go(root)} | fromYamlArray` : value.go(root));
