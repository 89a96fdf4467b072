/** A deterministic source of numbers below a bound (mulberry32): a seed and an index find a mutant again. */
export function randomFrom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return bound => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

type Random = (bound: number) => number;

/** Values that have broken YAML readers, validators and generators before. */
const NASTY = [
  ...['', '~', 'null', 'true', 'no', 'on', '0', '-1', '-0', '1.5', '1e999', '.nan', '.inf', '0x1F', '0o17', '1_000', '9007199254740993'],
  ...[
    '[]',
    '{}',
    '[[]]',
    '[null]',
    '{ a: }',
    '*x',
    '&x y',
    '&a [*a]',
    '!!js/function x',
    '!!binary aGk=',
    '!t x',
    '<<',
    '|',
    '>-',
    '- - -',
  ],
  ...['90d', '1h', '59m', '5m', '2160h', '2160h0m0s', '8760h', '87600h', '9999999h', '1ns', 'P90D', '33', '99', '100'],
  ...[
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    '../..',
    '/etc/passwd',
    'a/b',
    'A',
    'a_b',
    '-a',
    'a-',
    '8080',
    'a.b',
    'ä',
    '💥',
  ],
  ...[
    "'*:metrics'",
    "'*:*'",
    "'a:b:c'",
    "':'",
    "'*'",
    "'*.com'",
    "'spiffe://x/y'",
    "'spiffe://'",
    '{{ x }}',
    '%',
    '@a',
    '`a`',
    "'",
    '"',
    '\t',
    '"\\u0000"',
    '"\\e[31m"',
  ],
  ...[
    'strict',
    'permissive',
    'audit',
    'disabled',
    'RSA',
    'ECDSA',
    'Ed25519',
    '256',
    '2048',
    '4096',
    'udp',
    'health',
    'metrics',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.1/8',
    'existing',
  ],
  'x'.repeat(64),
  'x'.repeat(300),
  `'${'spiffe://'.repeat(300)}'`,
];

const pick = <T>(random: Random, items: readonly T[]): T | undefined => items[random(items.length)];

/** Changes one line, chosen at random among those that `change` can change. */
function onLine(text: string, random: Random, change: (line: string) => string | undefined): string {
  const lines = text.split('\n');
  const start = random(lines.length);
  for (let i = 0; i < lines.length; i++) {
    const at = (start + i) % lines.length;
    const line = lines[at] ?? '';
    const changed = line.trimStart().startsWith('#') ? undefined : change(line);
    if (changed !== undefined) return lines.with(at, changed).join('\n');
  }
  return text;
}

/** Replaces one of the matches of a global pattern. */
function oneMatch(line: string, random: Random, pattern: RegExp, replacement: (match: RegExpExecArray) => string): string | undefined {
  const match = pick(random, [...line.matchAll(pattern)]);
  if (match === undefined) return undefined;
  return line.slice(0, match.index) + replacement(match) + line.slice(match.index + match[0].length);
}

const KEY = /[A-Za-z][\w./-]*(?=:(?:\s|$))/g;
const VALUE = /(?<=: )[^\s,{}[\]#][^,{}[\]#]*|(?<=[[{,] ?)[\w'":./*-]+(?=[\],}])/g;

/** One mutation of a text each; named for the report. */
export const MUTATIONS: Readonly<Record<string, (text: string, random: Random) => string | Uint8Array>> = {
  'byte flipped': (text, random) => {
    const bytes = Buffer.from(text);
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    return bytes;
  },
  'byte replaced': (text, random) => {
    const at = random(text.length);
    return text.slice(0, at) + (pick(random, [...'{}[]:,#&*!|>\'"%@`-? \t\n0aZ']) ?? '') + text.slice(at + 1);
  },
  'line deleted': (text, random) =>
    text
      .split('\n')
      .toSpliced(random(text.split('\n').length), 1)
      .join('\n'),
  'line doubled': (text, random) => onLine(text, random, line => (line === '' ? undefined : `${line}\n${line}`)),
  'lines swapped': (text, random) => {
    const lines = text.split('\n');
    const [a, b] = [random(lines.length), random(lines.length)];
    return lines
      .with(a, lines[b] ?? '')
      .with(b, lines[a] ?? '')
      .join('\n');
  },
  'line moved': (text, random) => {
    const lines = text.split('\n');
    const [moved = ''] = lines.splice(random(lines.length), 1);
    return lines.toSpliced(random(lines.length), 0, moved).join('\n');
  },
  'value replaced': (text, random) => onLine(text, random, line => oneMatch(line, random, VALUE, () => pick(random, NASTY) ?? '')),
  'value of another place': (text, random) => {
    const values = [...text.matchAll(VALUE)].map(([value]) => value);
    return onLine(text, random, line => oneMatch(line, random, VALUE, () => pick(random, values) ?? ''));
  },
  'key renamed': (text, random) =>
    onLine(text, random, line =>
      oneMatch(line, random, KEY, ([key]) => pick(random, [`${key}s`, key.slice(1), key.toUpperCase(), ...NASTY]) ?? ''),
    ),
  'key of another place': (text, random) => {
    const keys = [...text.matchAll(KEY)].map(([key]) => key);
    return onLine(text, random, line => oneMatch(line, random, KEY, () => pick(random, keys) ?? ''));
  },
  'indentation changed': (text, random) =>
    onLine(text, random, line =>
      line === '' ? undefined : pick(random, [` ${line}`, `  ${line}`, `\t${line}`, line.replace(/^ {1,2}/, ''), line.trimStart()]),
    ),
  'end cut off': (text, random) => text.slice(0, random(text.length)),
};
