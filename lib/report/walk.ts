import type { Walk } from '../check/relations/index.js';
import { printable } from './printable.js';
import { causeText } from './relations.js';

/** Every step of one call, with the rules that decide it, and which layers stop it. */
export function formatWalk(walk: Walk, environment: string): string {
  const lines = walk.steps.flatMap(({ what, passes, text, places }) => [
    `  ${what.padEnd(9)} ${what === 'declared' ? (passes ? 'yes' : 'no') : passes ? 'passes' : 'stops'}`.padEnd(21) + printable(text),
    ...places.map(place => `                       ${causeText(place)}`),
  ]);
  const stopping = walk.steps.filter(({ what, passes }) => what !== 'declared' && !passes).map(({ what }) => what);
  const verdict = walk.possible ? 'possible' : `stopped by ${stopping.join(' and ')}`;
  const judged = walk.possible === walk.declared ? 'as declared' : walk.declared ? 'but declared' : 'and NOT declared';
  return `${walk.from} → ${walk.to}:${walk.port} in ${environment}\n\n${lines.join('\n')}\n\n  verdict   ${verdict}, ${judged}\n\n`;
}
