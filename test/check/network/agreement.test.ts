import { Network } from '../../../lib/check/network';
import { parseAddress } from '../../../lib/check/network/addresses';
import type { Protocol } from '../../../lib/check/network/ports';
import { ObjectSet } from '../../../lib/objects';
import { SEED } from '../../_seed';
import { allows, type Endpoint } from './_brute-force';
import { OUTSIDE, PORTS, randomWorld, type World } from './_random-world';

const WORLDS = process.env.SENTINEL_LONG === '1' ? 100_000 : 500;
const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
/** Both sides of every border that a random policy can have. */
const PROBES = [...new Set(PORTS.flatMap(port => [port - 1, port, port + 1]))].filter(port => port >= 1 && port <= 65_535);

interface Disagreement {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly engine: boolean;
}

interface Comparison {
  readonly packets: number;
  readonly allowed: number;
  readonly disagreements: readonly Disagreement[];
}

/** Every pod and outside address to every other, at every port that could make a difference. */
function compare(world: World, network = new Network(ObjectSet.from(world.objects))): Comparison {
  const disagreements: Disagreement[] = [];
  let packets = 0;
  let allowed = 0;
  const check = (
    from: Endpoint,
    to: Endpoint,
    names: readonly [string, string],
    engine: (protocol: Protocol, port: number) => boolean,
  ): void => {
    for (const protocol of PROTOCOLS)
      for (const port of PROBES) {
        const answer = engine(protocol, port);
        packets += 1;
        if (answer) allowed += 1;
        if (answer !== allows(world, { from, to, protocol, port }))
          disagreements.push({ from: names[0], to: names[1], port: `${port}/${protocol}`, engine: answer });
      }
  };
  const workloadOf = (pod: World['pods'][number]) => {
    const found = network.workload(pod.namespace, pod.workload, pod.kind);
    if (!found) throw new Error(`the engine has no ${pod.kind} ${pod.workload}`);
    return found;
  };
  for (const from of world.pods) {
    for (const to of world.pods) {
      const ports = network.between(workloadOf(from), workloadOf(to));
      check(from, to, [from.workload, to.workload], (protocol, port) => ports.has(protocol, port));
    }
    const [out, into] = [network.outside(workloadOf(from), 'egress'), network.outside(workloadOf(from), 'ingress')];
    // an address says nothing of a pod that has none of its family
    const reachable = OUTSIDE.filter(ip => from.ips.length === 0 || from.ips.some(own => own.includes(':') === ip.includes(':')));
    for (const ip of reachable) {
      const at = parseAddress(ip) ?? -1n;
      const open = (list: typeof out) => (protocol: Protocol, port: number) =>
        list.some(({ addresses, ports }) => addresses.has(at) && ports.has(protocol, port));
      check(from, { ip }, [from.workload, ip], open(out));
      check({ ip }, from, [ip, from.workload], open(into));
    }
  }
  return { packets, allowed, disagreements };
}

describe('the engine and an evaluator that asks pod by pod and packet by packet', () => {
  test(`agree on ${WORLDS} random worlds (seed ${SEED})`, () => {
    let packets = 0;
    let allowed = 0;
    for (let index = 0; index < WORLDS; index++) {
      const seed = SEED + index;
      const result = compare(randomWorld(seed));
      packets += result.packets;
      allowed += result.allowed;
      expect({ seed, disagreements: result.disagreements.slice(0, 3) }).toEqual({ seed, disagreements: [] });
    }
    // neither answer is rare, or agreement would mean little
    expect(allowed / packets).toBeGreaterThan(0.1);
    expect(allowed / packets).toBeLessThan(0.9);
    if (process.env.SENTINEL_LONG === '1') process.stdout.write(`${WORLDS} worlds, ${packets} packets, ${allowed} allowed, seed ${SEED}\n`);
  }, 3_600_000);

  test('the connections that are listed are those that are answered one by one', () => {
    for (let index = 0; index < 300; index++) {
      const network = new Network(ObjectSet.from(randomWorld(SEED + index).objects));
      const listed = new Map(network.connections().map(({ from, to, ports }) => [`${from.name} ${to.name}`, ports.toString()]));
      const asked = network.workloads.flatMap(from =>
        network.workloads.flatMap(to => {
          const ports = network.between(from, to);
          return ports.isEmpty ? [] : [[`${from.name} ${to.name}`, ports.toString()] as const];
        }),
      );
      expect({ seed: SEED + index, listed }).toEqual({ seed: SEED + index, listed: new Map(asked) });
    }
  });

  test('a disagreement would be seen: an engine that misses one policy is found out', () => {
    let found = 0;
    let tried = 0;
    for (let index = 0; index < 150; index++) {
      const world = randomWorld(SEED + index);
      if (world.policies.length === 0) continue;
      tried += 1;
      const poorer = new Network(ObjectSet.from(world.objects.filter(object => object.metadata.name !== 'policy-0')));
      if (compare(world, poorer).disagreements.length > 0) found += 1;
    }
    // the others select no pod, or allow what another policy allows
    expect(found / tried).toBeGreaterThan(0.15);
  });
});
