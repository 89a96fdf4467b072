/** A reproducible random number in [0, 1): mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NASTY = [
  ...[
    '',
    ' ',
    '~',
    '-',
    '?',
    ':',
    '=',
    '<<',
    '.',
    '..',
    '...',
    '---',
    '--- a',
    '%',
    '%YAML',
    '#',
    '# a',
    'a #b',
    'a#b',
    '- a',
    '-a',
    '--flag=1',
    '? a',
    ': a',
  ],
  ...[
    'y',
    'Y',
    'n',
    'N',
    'yes',
    'Yes',
    'no',
    'NO',
    'on',
    'On',
    'off',
    'OFF',
    'true',
    'True',
    'false',
    'FALSE',
    'null',
    'Null',
    'nul',
    'True1',
  ],
  ...[
    '0',
    '007',
    '0755',
    '0o17',
    '0x1F',
    '0b11',
    '08',
    '1_000',
    '_1',
    '1e3',
    'e3',
    'E-3',
    'e+1',
    'e1x',
    'E2',
    '1.5',
    '1.',
    '.5',
    '-1',
    '+1',
    '-0',
    '1e',
    '12e',
    '0xg',
  ],
  ...[
    '.inf',
    '-.INF',
    '.nan',
    '.NaN',
    '12:30',
    '1:2:3',
    '1:60',
    '12:30:45.6',
    '2026-11-23',
    '2026-11-23T01:02:03Z',
    '2026-11-23 01:02:03 +1',
    '10.0.0.0/8',
    '10.0.0.1',
  ],
  ...[
    '24h0m0s',
    '2160h',
    '50m',
    '64Mi',
    '1Ei',
    '1t',
    '1T',
    '5E',
    '0z',
    'a:',
    'a: b',
    'a:b',
    'a :b',
    ':a',
    'a b',
    'a  b',
    ' a',
    'a ',
    '\ta',
    'a\t',
    'a\tb',
    'a:\tb',
    'a\t#',
  ],
  ...[
    '"',
    "'",
    '"a"',
    "'a'",
    'a"b',
    "a'b",
    `"a'`,
    'a\\b',
    '\\',
    '`',
    '@',
    '&a',
    '*',
    '*.ns.svc',
    '!',
    '!!str',
    '|',
    '>',
    '{',
    '}',
    '{}',
    '[',
    ']',
    '[]',
    ',',
    'a,b',
    'a[0]',
  ],
  ...[
    '{{ .Values.x }}',
    '{{ $labels.service }} is late',
    'up{job="a"} == 0',
    'rate(x[5m]) > 1',
    '$(VAR)',
    '$' + '{VAR}',
    'spiffe://a.b/ns/c/sa/d',
    'https://a:443/b?c=d&e=f#g',
    'a/b@sha256:0123',
  ],
  ...[
    'é',
    'naïve',
    '日本語',
    '😀',
    'a😀b',
    '\ud800',
    'x\udc00',
    '\u0000',
    '\u0007',
    '\u007f',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\ufeff',
    '\ufeffa',
    'a\rb',
    '\r',
    '\r\n',
    'a\r\nb\r\n',
  ],
  ...[
    'a\nb',
    'a\nb\n',
    'a\nb\n\n',
    'a\nb\n\n\n',
    '\n',
    '\n\n',
    '\na',
    ' a\nb',
    'a \nb',
    'a\n b',
    'a\nb ',
    'a\nb \n',
    'a\n\nb',
    'a\n  \nb',
    'a\n\t',
    'a\n ',
    '\t\na',
    '# a\n- b: c\n',
    '---\na\n',
    'a\n---\n',
    'a\n...\nb',
  ],
  ...[
    '{\n  "version": 1,\n  "allow": [\n    "spiffe://x/y"\n  ]\n}\n',
    '{\n  "a": 1\n}',
    '#!/bin/sh\nset -eu\n\nexec "$@"\n',
    'é\n日本\n',
    '😀\n',
    'a\u0007\nb',
    'a\tb\n\tc\n',
    '- a\n- b\n',
  ],
  ...['x'.repeat(90), 'long words '.repeat(30), `${'y'.repeat(1100)}`, 'e'.repeat(6), 'constructor', 'toString', '__proto__x'],
];
const KEYS = [
  ...[
    'name',
    'labels',
    'annotations',
    'spec',
    'app.kubernetes.io/name',
    'cert-manager.io/x',
    'policy.json',
    'tls.crt',
    'a b',
    'e1',
    'metadata',
    'kind',
    'value',
    'resolved',
  ],
  ...[
    'y',
    'n',
    'on',
    'null',
    'true',
    '~',
    '0755',
    '1e3',
    '8080',
    '9',
    '10',
    '01',
    '-1',
    '1.5',
    '=',
    '<<',
    '- a',
    'a: b',
    'a:',
    '#a',
    '{a}',
    '*',
    'é',
    '😀',
    ' a',
    '',
    '---',
    '%a',
    'a\nb',
    'a\tb',
    "it's",
    '"q"',
    '? a',
  ],
  'k'.repeat(1030),
];
const ALPHABET = [...'aZe019 :#-_./\'"{}[],*&!|>%@`~?=+\\\t\né😀$<()'];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  8443,
  1.5,
  -2.25,
  0.1 + 0.2,
  1e21,
  1e-7,
  123456789012345680000,
  2 ** 53,
  Number.MAX_VALUE,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** An object as nobody would write it, but as JSON data may be. */
export class RandomObjects {
  constructor(private readonly random: () => number) {}

  object(): Record<string, unknown> & { apiVersion: string; kind: string; metadata: { name: string } } {
    const body = {
      ...(this.chance(0.1) ? { spec: this.string() } : {}),
      apiVersion: this.chance(0.9) ? 'cert-manager.io/v1' : 'v1',
      kind: this.chance(0.9) ? 'Certificate' : this.string() || 'K',
    };
    const metadata = {
      name: this.chance(0.9) ? 'control-api' : this.string() || 'n',
      ...(this.chance(0.1) ? this.map(2) : {}),
      labels: this.chance(0.5) ? this.strings() : undefined,
      annotations: this.chance(0.5) ? this.strings() : undefined,
    };
    return { ...this.map(4), ...body, metadata };
  }

  private value(depth: number): unknown {
    const kind = this.random();
    if (depth > 0 && kind < 0.25) return this.map(depth - 1);
    if (depth > 0 && kind < 0.4) return Array.from({ length: this.below(4) }, () => this.value(depth - 1));
    if (kind < 0.8) return this.string();
    if (kind < 0.9) return this.chance(0.7) ? this.below(70000) : this.one(NUMBERS);
    if (kind < 0.96) return this.chance(0.5);
    return this.chance(0.5) ? null : undefined;
  }

  private map(depth: number): Record<string, unknown> {
    return Object.fromEntries(Array.from({ length: this.below(5) }, () => [this.key(), this.value(depth)]));
  }

  private strings(): Record<string, unknown> {
    return Object.fromEntries(Array.from({ length: this.below(4) }, () => [this.key(), this.chance(0.95) ? this.string() : null]));
  }

  private key(): string {
    const kind = this.random();
    return kind < 0.75 ? `k${this.below(30)}` : kind < 0.97 ? this.one(KEYS) : this.letters(8);
  }

  private string(): string {
    const kind = this.random();
    if (kind < 0.35) return this.one(NASTY);
    if (kind < 0.5) return `service-${this.below(1000)}.mesh.svc`;
    if (kind < 0.6) return this.one(NASTY) + this.one(NASTY);
    return this.letters(this.chance(0.9) ? 8 : 60);
  }

  private letters(limit: number): string {
    return Array.from({ length: this.below(limit + 1) }, () => this.one(ALPHABET)).join('');
  }

  private one<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error('an empty list has no element');
    return picked;
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }
}
