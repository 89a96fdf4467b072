/** Transports of which a NetworkPolicy can speak, in the order in which lists show them. */
export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

export type Protocol = (typeof PROTOCOLS)[number];

export const isProtocol = (value: unknown): value is Protocol => value === 'TCP' || value === 'UDP' || value === 'SCTP';

/** First and last port of a range, both inside of it. */
export type PortRange = readonly [first: number, last: number];

export const MAX_PORT = 65_535;
const EVERY: readonly PortRange[] = [[1, MAX_PORT]];

/** A set of ports of each protocol: ranges that are sorted, apart from each other, and never change. */
export class Ports {
  static readonly NONE = new Ports([[], [], []]);
  static readonly ALL = new Ports([EVERY, EVERY, EVERY]);

  static of(protocol: Protocol, first: number, last = first): Ports {
    return new Ports(PROTOCOLS.map(each => (each === protocol ? [[first, last]] : [])));
  }

  /** Every port of one protocol. */
  static every(protocol: Protocol): Ports {
    return new Ports(PROTOCOLS.map(each => (each === protocol ? EVERY : [])));
  }

  static union(sets: Iterable<Ports>): Ports {
    let all = Ports.NONE;
    for (const set of sets) all = all.union(set);
    return all;
  }

  /** By protocol, in the order of PROTOCOLS. */
  private constructor(private readonly ranges: readonly (readonly PortRange[])[]) {}

  get isEmpty(): boolean {
    return this.ranges.every(list => list.length === 0);
  }

  get isAll(): boolean {
    return this === Ports.ALL || this.ranges.every(list => list.length === 1 && list[0]?.[0] === 1 && list[0][1] === MAX_PORT);
  }

  of(protocol: Protocol): readonly PortRange[] {
    return this.ranges[PROTOCOLS.indexOf(protocol)] ?? [];
  }

  has(protocol: Protocol, port: number): boolean {
    return this.of(protocol).some(([first, last]) => first <= port && port <= last);
  }

  union(other: Ports): Ports {
    if (this === other || other.isEmpty || this.isAll) return this;
    if (this.isEmpty || other.isAll) return other;
    return this.combine(other, unite);
  }

  intersect(other: Ports): Ports {
    if (this === other || other.isAll || this.isEmpty) return this;
    if (this.isAll || other.isEmpty) return other;
    return this.combine(other, overlap);
  }

  /** What is in this set and not in the other. */
  minus(other: Ports): Ports {
    if (other.isEmpty || this.isEmpty) return this;
    if (this === other || other.isAll) return Ports.NONE;
    return this.combine(other, (mine, theirs) => overlap(mine, gaps(theirs)));
  }

  equals(other: Ports): boolean {
    return this === other || this.toString() === other.toString();
  }

  /** This set's one port, or nothing. */
  only(protocol: Protocol, port: number): Ports {
    return this.intersect(Ports.of(protocol, port));
  }

  /** The least port, TCP before UDP before SCTP: what a counterexample names. */
  first(): { readonly protocol: Protocol; readonly port: number } | undefined {
    for (const [index, protocol] of PROTOCOLS.entries()) {
      const port = this.ranges[index]?.[0]?.[0];
      if (port !== undefined) return { protocol, port };
    }
    return undefined;
  }

  /** `TCP 80,8000-8080, UDP 53`; `all ports`; `none` */
  toString(): string {
    if (this.isAll) return 'all ports';
    if (this.isEmpty) return 'none';
    const parts = PROTOCOLS.map((protocol, index) => ({ protocol, list: this.ranges[index] ?? [] })).filter(({ list }) => list.length > 0);
    return parts.map(({ protocol, list }) => `${protocol} ${list.map(rangeText).join(',')}`).join(', ');
  }

  /** `{"TCP": [[80, 80]]}`, without the protocols that have no port. */
  toJSON(): Readonly<Partial<Record<Protocol, readonly PortRange[]>>> {
    return Object.fromEntries(PROTOCOLS.map(protocol => [protocol, this.of(protocol)] as const).filter(([, list]) => list.length > 0));
  }

  private combine(other: Ports, combine: (a: readonly PortRange[], b: readonly PortRange[]) => readonly PortRange[]): Ports {
    return new Ports(PROTOCOLS.map((_, index) => combine(this.ranges[index] ?? [], other.ranges[index] ?? [])));
  }
}

const rangeText = ([first, last]: PortRange): string =>
  first === last ? String(first) : first === 1 && last === MAX_PORT ? 'all' : `${first}-${last}`;

function unite(a: readonly PortRange[], b: readonly PortRange[]): readonly PortRange[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const sorted = [...a, ...b].sort((left, right) => left[0] - right[0]);
  const united: [number, number][] = [];
  for (const [first, last] of sorted) {
    const open = united.at(-1);
    if (open && first <= open[1] + 1) open[1] = Math.max(open[1], last);
    else united.push([first, last]);
  }
  return united;
}

function overlap(a: readonly PortRange[], b: readonly PortRange[]): readonly PortRange[] {
  const shared: PortRange[] = [];
  for (let left = 0, right = 0; left < a.length && right < b.length; ) {
    const [one, other] = [a[left], b[right]];
    if (!one || !other) break;
    const [first, last] = [Math.max(one[0], other[0]), Math.min(one[1], other[1])];
    if (first <= last) shared.push([first, last]);
    if (one[1] < other[1]) left += 1;
    else right += 1;
  }
  return shared;
}

/** Every port that is in none of the ranges. */
function gaps(ranges: readonly PortRange[]): readonly PortRange[] {
  const between: PortRange[] = [];
  let next = 1;
  for (const [first, last] of ranges) {
    if (first > next) between.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= MAX_PORT) between.push([next, MAX_PORT]);
  return between;
}
