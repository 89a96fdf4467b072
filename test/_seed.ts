/**
 * Seed of the fuzz tests: the same in every run of `npm test`, so that a change is blamed for what it broke alone;
 * a new one each time in `npm run test:long`, which looks for what nobody has seen yet. SENTINEL_SEED repeats a run.
 */
export const SEED = Number(process.env.SENTINEL_SEED ?? (process.env.SENTINEL_LONG === '1' ? Date.now() % 1_000_000_000 : 20_261_124));
