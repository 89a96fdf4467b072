import { join } from 'node:path';
import { Network, type Protocol } from '../lib/check/network/index.js';
import { loadFleet, resolve } from '../lib/fleet/index.js';
import { type KubernetesObject, ObjectSet } from '../lib/objects/index.js';
import { renderObjects } from '../lib/render/manifests/objects.js';
import { allows, type BrutePod } from '../test/check/network/_brute-force.js';
import { writeFleet } from './_fleet.js';
import { median } from './_measure.js';

/** Whole connectivity of a fleet, by the engine and packet by packet; prints both times in ms as JSON. */
const [folder = '.', count = '200'] = process.argv.slice(2);
const file = join(folder, 'engine.yaml');
writeFleet(file, Number(count));
const objects = [...renderObjects(resolve(loadFleet(file), 'prod'))];
const set = ObjectSet.from(objects);

const PORTS = [53, 8443];
const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP'];

function byEngine(): string {
  const network = new Network(set);
  const found = network
    .connections()
    .flatMap(({ from, to, ports }) =>
      PROTOCOLS.flatMap(protocol =>
        PORTS.filter(port => ports.has(protocol, port)).map(port => `${from.name} ${to.name} ${port}/${protocol}`),
      ),
    );
  return found.sort().join('\n');
}

function byPackets(remembering: boolean): string {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
  const pods = objects.flatMap(object => (object.kind === 'Deployment' ? [{ name: object.metadata.name, pod: podOf(object) }] : []));
  const world = { namespaces: {}, policies };
  const found: string[] = [];
  // a world of its own for each packet: what the evaluator remembers of a world is made for the tests' sake
  for (const from of pods)
    for (const to of pods)
      for (const protocol of PROTOCOLS)
        for (const port of PORTS)
          if (allows(remembering ? world : { ...world }, { from: from.pod, to: to.pod, protocol, port }))
            found.push(`${from.name} ${to.name} ${port}/${protocol}`);
  return found.sort().join('\n');
}

function podOf(object: KubernetesObject): BrutePod {
  const spec = object.spec as { readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } } };
  return {
    namespace: object.metadata.namespace ?? 'default',
    labels: spec.template.metadata.labels,
    ports: [],
    hostNetwork: false,
    ips: [],
  };
}

function timed(run: () => string): { readonly ms: number; readonly answer: string } {
  const start = performance.now();
  const answer = run();
  return { ms: performance.now() - start, answer };
}

// 20 runs: the packets are so many that their code is compiled at once, and the engine's must be too
const runs = Array.from({ length: 20 }, () => timed(byEngine));
const engine = { ms: median(runs.slice(10).map(({ ms }) => ms)), answer: runs[0]?.answer };
const [packets, remembered] = [timed(() => byPackets(false)), timed(() => byPackets(true))];
if (engine.answer !== packets.answer || engine.answer !== remembered.answer || engine.answer === '')
  throw new Error('the engine and the packets do not agree');
process.stdout.write(`${JSON.stringify({ engineMs: engine.ms, packetsMs: packets.ms, rememberedMs: remembered.ms })}\n`);
