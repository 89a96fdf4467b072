import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFleet } from './_fleet.js';
import { inTurns, median, type Row, runNode } from './_measure.js';

const PROGRAM = join(__dirname, '..', 'lib', 'cli', 'main.js');
/** What a pull request may wait for. */
const PATIENCE_MS = 5_000;

/** The proof of network, identity and issuance as a whole process, how it grows, and its engine against one packet after another. */
export function prove(folder: string): Row[] {
  const fleets = { small: 100, middle: 500, large: 1_000 };
  const proof = (name: keyof typeof fleets) => () => runNode([PROGRAM, 'prove'], join(folder, name)).wallMs;
  for (const [name, services] of Object.entries(fleets)) {
    const at = join(folder, name);
    mkdirSync(at);
    writeFleet(join(at, 'fleet.yaml'), services, 1, 'issuance: { otherIssuers: [{ name: others, kind: ClusterIssuer }] }');
    runNode([PROGRAM, 'synth'], at);
  }
  const results = inTurns({
    small: proof('small'),
    middle: proof('middle'),
    large: proof('large'),
  });
  const { engine } = inTurns({
    engine: () =>
      JSON.parse(runNode([join(__dirname, '_engine.js'), folder, '200']).stdout) as {
        engineMs: number;
        packetsMs: number;
        rememberedMs: number;
      },
  });
  const row = (what: string, ours: number, peer: string, peers: number, bound: number | undefined): Row => ({
    what,
    unit: 'ms',
    ours,
    peer,
    peers,
    bound,
  });
  const of = (field: 'engineMs' | 'packetsMs' | 'rememberedMs'): number => median(engine.map(result => result[field]));
  return [
    row('prove of 500 services', median(results.middle), 'the bound', PATIENCE_MS, 1),
    // ten times the services: quadratic in distinct pods would be a hundred times the work
    row('prove of 1,000 services', median(results.large), '100 services', median(results.small), 100),
    row('network of 200 workloads', of('engineMs'), 'packet by packet', of('packetsMs'), 1 / 50),
    // the same evaluator when it remembers which policies select a pod
    row('network of 200 workloads', of('engineMs'), 'with a memory', of('rememberedMs'), undefined),
  ];
}
