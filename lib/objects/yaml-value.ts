import { FAILSAFE_SCHEMA, load, Type, YAMLException } from 'js-yaml';

/** Values after aliases are followed: more than 50 times what the largest object that the API server stores could hold. */
const MAX_VALUES = 2_000_000;
/** js-yaml's own bound for nesting; here it ends an anchor that contains itself. */
const MAX_DEPTH = 100;

const BOOLEANS: ReadonlyMap<string, boolean> = new Map(
  ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']
    .map((text): [string, boolean] => [text, true])
    .concat(['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(text => [text, false])),
);
const INTEGER = /^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

/** Whether a text can be a number at all: digits, signs and dots come before letters in ASCII. */
const mayBeNumber = (text: string | null): text is string => text !== null && text.charCodeAt(0) < 0x3a;

function integerOf(text: string): number {
  const plain = text.replaceAll('_', '').replace(/^\+/, '');
  const sign = plain.startsWith('-') ? -1 : 1;
  const digits = plain.replace(/^-/, '');
  const [, base = '', rest = digits] = /^0([box]?)(.+)$/.exec(digits) ?? [];
  if (digits === rest) return sign * Number(digits);
  return sign * Number.parseInt(rest, base === 'x' ? 16 : base === 'b' ? 2 : 8);
}

const TYPES = [
  new Type('tag:yaml.org,2002:bool', {
    kind: 'scalar',
    resolve: (text: string | null) => text !== null && text.length < 6 && BOOLEANS.has(text),
    construct: (text: string) => BOOLEANS.get(text),
  }),
  new Type('tag:yaml.org,2002:int', {
    kind: 'scalar',
    resolve: (text: string | null) => mayBeNumber(text) && INTEGER.test(text),
    construct: integerOf,
  }),
  new Type('tag:yaml.org,2002:float', {
    kind: 'scalar',
    resolve: (text: string | null) => mayBeNumber(text) && FLOAT.test(text),
    construct: (text: string) => floatOf(text),
  }),
];
const NULLS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);

/** Nearly every plain scalar is a word, which one look tells: asking each type in turn would be most of the reading. */
const PLAIN = new Type('tag:sentinel-mtls.io,2026:plain', {
  kind: 'scalar',
  resolve: (text: string | null) =>
    text === null || (text.length < 6 && (BOOLEANS.has(text) || NULLS.has(text))) || (mayBeNumber(text) && isNumber(text)),
  construct: (text: string | null) =>
    text === null || NULLS.has(text) ? null : (BOOLEANS.get(text) ?? (INTEGER.test(text) ? integerOf(text) : floatOf(text))),
});

const isNumber = (text: string): boolean => INTEGER.test(text) || FLOAT.test(text);

const floatOf = (text: string): number => (/\.[iInN]/.test(text) ? Number.NaN : Number.parseFloat(text.replaceAll('_', '')));

const NULL = new Type('tag:yaml.org,2002:null', {
  kind: 'scalar',
  resolve: (text: string | null) => text === null || NULLS.has(text),
  construct: () => null,
});

const MERGE = new Type('tag:yaml.org,2002:merge', { kind: 'scalar', resolve: (text: string | null) => text === '<<' });

/**
 * What kubectl, Helm and the API server read (sigs.k8s.io/yaml, that is go-yaml 2): the booleans and octal
 * numbers of YAML 1.1, no timestamps. `defaultMode: 0400` is 256 there, and so it is here.
 */
const KUBERNETES = FAILSAFE_SCHEMA.extend({ implicit: [PLAIN, MERGE], explicit: [...TYPES, NULL] });

/** A text that is no YAML; `line` counts from the start of the text, from 0. */
export class YamlProblem extends Error {
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

/**
 * One document as plain data. Aliases share parts of it, never in a loop, and never so many that a walk would not end.
 * @throws YamlProblem
 */
export function parseYaml(text: string): unknown {
  let value: unknown;
  try {
    value = load(text, { schema: KUBERNETES });
  } catch (error) {
    if (error instanceof YAMLException) throw new YamlProblem(reason(error, text), error.mark?.line ?? 0);
    if (error instanceof RangeError) throw new YamlProblem('is nested too deeply to be read', 0);
    throw error;
  }
  // without an alias the data is a tree no larger than its text
  if (ALIAS.test(text)) bound(value);
  if (text.includes('__proto__')) refuseKey(value, '__proto__', 'has a key "__proto__"');
  // a key that is a map itself: what is left of template braces
  if (text.includes('{{')) refuseKey(value, '[object Object]', `is not valid YAML: ${TEMPLATE}`);
  return value;
}

function reason({ reason: why, mark }: YAMLException, text: string): string {
  const line = text.split('\n')[mark?.line ?? 0] ?? '';
  if (/^\s*(?:-\s+)?\{\{|^\s*[\w.-]+:.*\{\{/.test(line) || /^\s*\{\{/m.test(text)) return `is not valid YAML: ${TEMPLATE}`;
  if (/^(?:<{7}|>{7}|={7})(?: |$)/m.test(text)) return 'is not valid YAML: it holds the markers of a merge conflict';
  if (why.includes('duplicated mapping key')) {
    const key = /^\s*(?:-\s+)?["']?([^"':]+)["']?\s*:/.exec(line)?.[1] ?? '';
    return `is not valid YAML: Map keys must be unique${key === '' ? '' : `, "${key.slice(0, 60)}" stands twice`}`;
  }
  if (/^\s*\t/.test(line)) return 'is not valid YAML: a tab indents this line, only spaces may';
  return `is not valid YAML: ${why}`;
}

/** An asterisk where a value can start, right before a name. */
const ALIAS = /(?:^|[\s[{,:?-])\*[^\s,[\]{}*]/;

function bound(root: unknown): void {
  let budget = MAX_VALUES;
  const walk = (value: unknown, depth: number): void => {
    if (typeof value !== 'object' || value === null) return;
    if (depth > MAX_DEPTH) throw new YamlProblem('is nested too deeply to be read, an anchor that contains itself does this', 0);
    const items = Object.values(value);
    budget -= items.length + 1;
    if (budget < 0) throw new YamlProblem(`expands to more than ${MAX_VALUES} values, aliases of aliases do this`, 0);
    for (const item of items) walk(item, depth + 1);
  };
  walk(root, 0);
}

function refuseKey(root: unknown, key: string, problem: string): void {
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (Object.hasOwn(value, key)) throw new YamlProblem(problem, 0);
    for (const item of Object.values(value)) walk(item);
  };
  walk(root);
}

const TEMPLATE = 'it holds template braces; name the folder of the chart, so that it is rendered first';
