import type { Mode } from '../../fleet/types.js';
import type { Effect, ScalarField } from './types.js';

/** From the one that lets least through; `permissive` has a port without TLS beside, `audit` has not. */
const MODES: readonly Mode[] = ['strict', 'audit', 'permissive', 'disabled'];

export const modeRank = (mode: string): number | undefined => {
  const rank = MODES.indexOf(mode as Mode);
  return rank < 0 ? undefined : rank;
};

/** The effect of the same change the other way round. */
export function opposite(effect: Effect): Effect {
  if (effect === 'weaker') return 'stronger';
  return effect === 'stronger' ? 'weaker' : effect;
}

/** Of several changes at once. Weaker here and stronger there is for a person to weigh. */
export function combined(effects: Iterable<Effect>): Effect {
  const all = new Set(effects);
  if (all.has('review') || (all.has('weaker') && all.has('stronger'))) return 'review';
  if (all.has('weaker')) return 'weaker';
  return all.has('stronger') ? 'stronger' : 'none';
}

export function scalarEffect(old: ScalarField | undefined, now: ScalarField | undefined): Effect {
  const [before, after] = [old?.rank, now?.rank];
  if (before !== undefined && after !== undefined && before !== after) return after > before ? 'weaker' : 'stronger';
  return combined([old?.effect ?? 'none', now?.effect ?? 'none']);
}

export function setEffect(grows: Effect, added: readonly string[], removed: readonly string[]): Effect {
  return combined([...(added.length > 0 ? [grows] : []), ...(removed.length > 0 ? [opposite(grows)] : [])]);
}
