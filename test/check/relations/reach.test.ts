import fc from 'fast-check';
import { blast, blastRadius } from '../../../lib/check/relations';
import type { EdgePlan, Plan } from '../../../lib/fleet/plan';
import { SEED } from '../../_seed';
import { shopPlan } from './_shop';

const shop = shopPlan();

/** Any calls between the services of the shop: circles, a service that calls itself, one call over two ports. */
const plans: fc.Arbitrary<Plan> = fc
  .array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom('https', 'metrics')), { maxLength: 24 })
  .map(triples => {
    const services = shop.services.flatMap(service => [1, 2, 3].map(copy => ({ ...service, name: `${service.name}-${copy}` })));
    const nameOf = (number: number): string => services[number % services.length]?.name ?? '';
    const edges = triples.map(([from, to, port]): EdgePlan => ({ caller: nameOf(from), callee: nameOf(to), port, mode: 'strict' }));
    return { ...shop, services: services as unknown as Plan['services'], edges, externalEdges: [] };
  });

/** By the definition: add whoever is called by one of them, until nobody is added. */
function closure(edges: readonly EdgePlan[], from: string): ReadonlySet<string> {
  const found = new Set([from]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const { caller, callee } of edges) if (found.has(caller)) found.add(callee);
  }
  return found;
}

test('how far a key reaches is what follows from the calls, and each way is a shortest one of declared calls', () => {
  console.log(`SENTINEL_SEED=${SEED}`);
  const property = fc.property(plans, plan => {
    for (const service of plan.services) {
      const { name } = service;
      const found = blast(plan, name);
      const expected = closure(plan.edges, name);
      expect(new Set([name, ...(found?.reachable ?? []).map(each => each.service)])).toEqual(expected);
      for (const { service: callee, hops, through } of found?.reachable ?? []) {
        const way = [name, ...through];
        expect([through.at(-1), through.length]).toEqual([callee, hops]);
        for (const [index, to] of through.entries())
          expect(plan.edges.some(edge => edge.caller === way[index] && edge.callee === to)).toBe(true);
        const before = closureWithin(plan.edges, name, hops - 1);
        expect(before.has(callee)).toBe(false);
      }
      for (const { call, fewer } of found?.cuts ?? []) {
        const [, callee] = call.split(' → ');
        const left = plan.edges.filter(edge => edge.caller !== name || edge.callee !== callee);
        expect(fewer).toBe(expected.size - closure(left, name).size);
      }
      const { reachable, farthest, ...others } = blastRadius(plan, service);
      expect(reachable).toBe(found?.reachable.length);
      expect(farthest).toBe(Math.max(0, ...(found?.reachable ?? []).map(({ hops }) => hops)));
      expect(others).toEqual({ externals: found?.externals, deceived: found?.deceived, cuts: found?.cuts });
    }
  });
  fc.assert(property, { seed: SEED, numRuns: 200 });
});

function closureWithin(edges: readonly EdgePlan[], from: string, hops: number): ReadonlySet<string> {
  let found = new Set([from]);
  for (let hop = 0; hop < hops; hop += 1) {
    const callees = edges.filter(({ caller }) => found.has(caller)).map(({ callee }) => callee);
    found = new Set([...found, ...callees]);
  }
  return found;
}
