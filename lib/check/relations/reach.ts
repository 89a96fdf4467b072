import type { Plan } from '../../fleet/plan.js';
import { graphOf } from '../../fleet/plan-graph.js';

/** A service at which calls arrive, with the one before it on a shortest way. */
export interface Reached {
  readonly service: string;
  readonly hops: number;
  /** Undefined where the way begins. */
  readonly before: Reached | undefined;
}

/** Where declared calls lead. Services are numbers inside: a report of a large fleet asks for every service and every call. */
export class Reach {
  readonly #names: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;
  /** Numbers of those that each one calls, each once. */
  readonly #callees: readonly (readonly number[])[];
  /** The search that came to a service last. */
  readonly #seen: Uint32Array;
  #search = 0;

  constructor(plan: Plan) {
    const graph = graphOf(plan);
    this.#names = plan.services.map(({ name }) => name);
    this.#numbers = new Map(this.#names.map((name, number) => [name, number]));
    this.#callees = this.#names.map(name => [...new Set(graph.outgoing(name).map(({ callee }) => this.#numberOf(callee)))]);
    this.#seen = new Uint32Array(this.#names.length);
  }

  /** Services that others call from one on, the nearest first. */
  from(service: string): readonly Reached[] {
    const start = this.#begin(service);
    const found: Reached[] = [];
    const numbers = [start];
    for (let place = 0; place < numbers.length; place += 1) {
      const before = found[place - 1];
      for (const callee of this.#callees[numbers[place] ?? start] ?? []) {
        if (!this.#isNew(callee)) continue;
        numbers.push(callee);
        found.push({ service: this.#nameOf(callee), hops: (before?.hops ?? 0) + 1, before });
      }
    }
    return found;
  }

  /** Those that a service calls itself, in the order of the plan. */
  callees(service: string): readonly string[] {
    return (this.#callees[this.#numberOf(service)] ?? []).map(number => this.#nameOf(number));
  }

  /** How many services it reaches without its own calls of one. */
  countWithout(service: string, callee: string): number {
    const [start, without] = [this.#begin(service), this.#numberOf(callee)];
    const numbers = [start];
    for (let place = 0; place < numbers.length; place += 1) {
      const caller = numbers[place] ?? start;
      for (const next of this.#callees[caller] ?? []) if ((caller !== start || next !== without) && this.#isNew(next)) numbers.push(next);
    }
    return numbers.length - 1;
  }

  #begin(service: string): number {
    this.#search += 1;
    const start = this.#numberOf(service);
    this.#seen[start] = this.#search;
    return start;
  }

  #isNew(number: number): boolean {
    if (this.#seen[number] === this.#search) return false;
    this.#seen[number] = this.#search;
    return true;
  }

  #numberOf(service: string): number {
    const number = this.#numbers.get(service);
    if (number === undefined) throw new Error(`the plan has no service "${service}"`);
    return number;
  }

  #nameOf(number: number): string {
    const name = this.#names[number];
    if (name === undefined) throw new Error(`the plan has no service of number ${number}`);
    return name;
  }
}

const reaches = new WeakMap<Plan, Reach>();

/** Made once a plan. */
export function reachOf(plan: Plan): Reach {
  const known = reaches.get(plan);
  if (known) return known;
  const reach = new Reach(plan);
  reaches.set(plan, reach);
  return reach;
}
