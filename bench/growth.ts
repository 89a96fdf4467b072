import { join } from 'node:path';
import { writeFleet } from './_fleet.js';
import { inTurns, median, type Row, runVariant } from './_measure.js';

/** Ten times the services must not cost more than about ten times as much: a step that is quadratic shows here. */
export function growth(folder: string): Row[] {
  const [small, large] = [join(folder, 'small.yaml'), join(folder, 'large.yaml')];
  writeFleet(small, 1_000);
  writeFleet(large, 10_000);
  const results = inTurns({
    small: () => runVariant('ours', small, join(folder, 'small')),
    large: () => runVariant('ours', large, join(folder, 'large')),
  });
  const [one, ten] = [results.small, results.large].map(runs => median(runs.map(result => result.wallMs)));
  return [{ what: 'synth of 10,000 services', unit: 'ms', ours: ten ?? 0, peer: '1,000 services', peers: one ?? 0, bound: 11 }];
}
