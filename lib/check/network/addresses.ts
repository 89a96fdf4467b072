import { isIPv6 } from 'node:net';

/**
 * Sets of IP addresses of both families on one line of numbers: IPv4 is [0, 2^32), IPv6 follows. A range of one
 * family never reaches into the other, as `0.0.0.0/0` says nothing of `::/0`.
 */
export type AddressRange = readonly [first: bigint, last: bigint];

const V4_SIZE = 1n << 32n;
const V6_SIZE = 1n << 128n;
const LAST = V4_SIZE + V6_SIZE - 1n;

export class Addresses {
  static readonly NONE = new Addresses([]);
  /** Both families. */
  static readonly ALL = new Addresses([[0n, LAST]]);

  /** From ranges in any order. */
  static of(ranges: readonly AddressRange[]): Addresses {
    return new Addresses(unite(ranges));
  }

  private constructor(readonly ranges: readonly AddressRange[]) {}

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  has(address: bigint): boolean {
    return this.ranges.some(([first, last]) => first <= address && address <= last);
  }

  union(other: Addresses): Addresses {
    return Addresses.of([...this.ranges, ...other.ranges]);
  }

  minus(other: Addresses): Addresses {
    const left: AddressRange[] = [];
    for (const [first, last] of this.ranges) {
      let next = first;
      for (const [from, to] of other.ranges) {
        if (to < next || from > last) continue;
        if (from > next) left.push([next, from - 1n]);
        next = to + 1n;
      }
      if (next <= last) left.push([next, last]);
    }
    return new Addresses(left);
  }

  /** The fewest CIDR blocks that make up the set, IPv4 first. */
  cidrs(): readonly string[] {
    return this.ranges.flatMap(([first, last]) => [
      ...(first < V4_SIZE ? blocks(first, last < V4_SIZE ? last : V4_SIZE - 1n, 32) : []),
      ...(last >= V4_SIZE ? blocks((first < V4_SIZE ? V4_SIZE : first) - V4_SIZE, last - V4_SIZE, 128) : []),
    ]);
  }
}

export type Family = 4 | 6;

export const familyOf = (address: bigint): Family => (address < V4_SIZE ? 4 : 6);

/** The place of an address on the line, or undefined for what is no IP address. Leading zeros are decimal, as for the API server. */
export function parseAddress(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length === 4 && parts.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return parts.reduce((value, part) => value * 256n + BigInt(part), 0n);
  return isIPv6(text) && !text.includes('%') ? V4_SIZE + parseV6(text) : undefined;
}

/** The range of `10.0.0.0/8`; bits behind the prefix do not count. */
export function parseCidr(text: string): AddressRange | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const at = parseAddress(address);
  if (at === undefined || length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return undefined;
  const [bits, base] = familyOf(at) === 4 ? [32, 0n] : [128, V4_SIZE];
  if (Number(length) > bits) return undefined;
  const size = 1n << BigInt(bits - Number(length));
  const first = ((at - base) / size) * size + base;
  return [first, first + size - 1n];
}

/** Whether a range is all of its family. */
export const isWholeFamily = ([first, last]: AddressRange): boolean =>
  (first === 0n && last >= V4_SIZE - 1n) || (first <= V4_SIZE && last === LAST);

function parseV6(text: string): bigint {
  // the last 32 bits may be written as IPv4
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const [, head = '', a = '', b = '', c = '', d = ''] = dotted ?? [];
  const plain = dotted ? `${head}${word(a, b)}:${word(c, d)}` : text;
  const [left = '', right] = plain.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [words(left), words(right ?? '')];
  const zeros = right === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((value, part) => value * 65_536n + BigInt(`0x${part}`), 0n);
}

const word = (high: string, low: string): string => (Number(high) * 256 + Number(low)).toString(16);

function unite(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const sorted = [...ranges].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  const united: [bigint, bigint][] = [];
  for (const [first, last] of sorted) {
    const open = united.at(-1);
    if (open && first <= open[1] + 1n) open[1] = last > open[1] ? last : open[1];
    else united.push([first, last]);
  }
  return united;
}

function blocks(first: bigint, last: bigint, bits: 32 | 128): string[] {
  const found: string[] = [];
  for (let at = first; at <= last; ) {
    let zeros = 0;
    while (zeros < bits && at % (1n << BigInt(zeros + 1)) === 0n && at + (1n << BigInt(zeros + 1)) - 1n <= last) zeros += 1;
    found.push(`${bits === 32 ? v4Text(at) : v6Text(at)}/${bits - zeros}`);
    at += 1n << BigInt(zeros);
  }
  return found;
}

const v4Text = (value: bigint): string => [24n, 16n, 8n, 0n].map(shift => (value >> shift) & 255n).join('.');

/** RFC 5952: the longest run of zeros is left out. */
function v6Text(value: bigint): string {
  const words = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const runs = [...words.join(':').matchAll(/\b0(?::0)+\b/g)].sort((a, b) => b[0].length - a[0].length);
  const [run] = runs;
  if (!run) return words.join(':');
  const text = words.join(':');
  const before = text.slice(0, run.index).replace(/:$/, '');
  const after = text.slice(run.index + run[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}
