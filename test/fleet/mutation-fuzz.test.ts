import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FleetError, formatIssue, loadFleet, resolve } from '../../lib/fleet/index.js';
import type { Fleet } from '../../lib/fleet/types.js';
import { renderFleet } from '../../lib/render/manifests/index.js';
import { SEED } from '../_seed.js';
import { MUTATIONS, randomFrom } from './mutate.js';

const ROOT = join(__dirname, '../..');
const SOURCES = ['argo-cd', 'emojivoto', 'istio-bookinfo', 'online-boutique', 'opentelemetry-demo']
  .map(name => join(ROOT, 'examples', name, 'fleet.yaml'))
  .concat(join(ROOT, 'fleet.yaml'))
  .filter(path => existsSync(path))
  .map(path => readFileSync(path, 'utf8'));
const MUTANTS = Number(process.env.SENTINEL_MUTANTS ?? (process.env.SENTINEL_LONG === '1' ? 100_000 : 20_000));
/** Rendering costs a hundred times what checking costs. */
const RENDER_EVERY = 10;

/** Why a mutant was handled badly, or undefined; `accepted` counts those that are still fleets. */
function faultOf(path: string, text: string | Uint8Array, render = false): { readonly accepted: boolean; readonly fault?: string } {
  let fleet: Fleet;
  try {
    fleet = loadFleet(path);
  } catch (error) {
    if (!(error instanceof FleetError)) return { accepted: false, fault: `threw ${error instanceof Error ? error.stack : String(error)}` };
    return { accepted: false, ...textFault(error, text) };
  }
  for (const environment of Object.keys(fleet.environments)) {
    try {
      resolve(fleet, environment);
      if (render) for (const { chunks } of renderFleet(fleet, [environment])) expect([...chunks].length).toBeGreaterThan(0);
    } catch (error) {
      return { accepted: true, fault: `was accepted, but ${environment} threw ${error instanceof Error ? error.stack : String(error)}` };
    }
  }
  return { accepted: true };
}

function textFault(error: FleetError, text: string | Uint8Array): { readonly fault?: string } {
  const rows = Buffer.from(text).toString().split('\n').length;
  if (error.issues.length === 0) return { fault: 'was refused without a reason' };
  for (const { message, notes, position } of error.issues) {
    // as a terminal gets them
    const words = formatIssue('', { path: [], message, notes, position }).split('\n');
    if (!/^(?!(?:[A-Z][a-z]+|[AI]) )\S.*[^.\s]$/.test(message)) return { fault: `has a text that is no sentence of ours: ${message}` };
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey is what is looked for
    if (words.some(word => /[\u0000-\u001f\u007f-\u009f]/.test(word)))
      return { fault: `prints control characters: ${JSON.stringify(words)}` };
    if (words.some(word => /^\s+at .*:\d+:\d+|node_modules|\[object|\bundefined\b/.test(word)))
      return { fault: `shows our insides: ${words.join('\n')}` };
    if (words.some(word => word.length > 600)) return { fault: `has a text of ${Math.max(...words.map(word => word.length))} characters` };
    // one line more: an unfinished text ends after its last line
    if (position === undefined || position.line < 1 || position.line > rows + 1)
      return { fault: `points to no line: ${JSON.stringify({ message, position })}` };
  }
  return {};
}

describe('mutants of valid fleets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mutants-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the unchanged fleets are accepted', () => {
    expect(SOURCES.length).toBeGreaterThanOrEqual(5);
    for (const text of SOURCES) {
      const path = join(folder, 'fleet.yaml');
      writeFileSync(path, text);
      expect(faultOf(path, text)).toEqual({ accepted: true });
    }
  });

  test(
    `${MUTANTS} of them end in a fleet that resolves or in an error with a place and a reason`,
    () => {
      const names = Object.keys(MUTATIONS);
      const counts = { accepted: 0, refused: 0 };
      const faults: string[] = [];
      const path = join(folder, 'mutant.yaml');
      for (let index = 0; index < MUTANTS && faults.length < 10; index++) {
        const random = randomFrom(SEED + index);
        const source = SOURCES[random(SOURCES.length)] ?? '';
        // one mutant in four is changed twice: some rules only meet when two things are wrong
        let text: string | Uint8Array = source;
        const applied: string[] = [];
        for (let round = 0; round < (random(4) === 0 ? 2 : 1); round++) {
          const name = names[random(names.length)] ?? '';
          applied.push(name);
          text = MUTATIONS[name]?.(Buffer.from(text).toString(), random) ?? text;
        }
        writeFileSync(path, text);
        const { accepted, fault } = faultOf(path, text, index % RENDER_EVERY === 0);
        counts[accepted ? 'accepted' : 'refused']++;
        if (fault !== undefined) faults.push(`SENTINEL_SEED=${SEED + index} SENTINEL_MUTANTS=1 (${applied.join(', ')}) ${fault}`);
      }
      process.stdout.write(`mutation-fuzz: seed ${SEED}, ${counts.accepted} accepted, ${counts.refused} refused\n`);
      expect(faults).toEqual([]);
      if (MUTANTS >= 1000) {
        expect(counts.accepted).toBeGreaterThan(MUTANTS / 100);
        expect(counts.refused).toBeGreaterThan(MUTANTS / 4);
      }
    },
    30 * 60_000,
  );

  test('a bad text, a missing place and a crash would be found', () => {
    const error = (message: string, line: number): FleetError =>
      new FleetError('fleet.yaml', [{ path: [], message, notes: [], position: { line, column: 1 } }]);
    expect(textFault(error('name is no DNS label', 1), 'a')).toEqual({});
    expect(textFault(error('Name is no DNS label.', 1), 'a').fault).toContain('no sentence of ours');
    expect(textFault(error('name is undefined here', 1), 'a').fault).toContain('our insides');
    expect(textFault(error('name is no DNS label', 9), 'a').fault).toContain('points to no line');
    expect(textFault(new FleetError('fleet.yaml', []), 'a').fault).toContain('without a reason');
  });

  test('a seed finds its mutants again', () => {
    const mutant = (seed: number): string[] =>
      Object.values(MUTATIONS).map(mutate => Buffer.from(mutate(SOURCES[0] ?? '', randomFrom(seed))).toString());
    expect(mutant(7)).toEqual(mutant(7));
    expect(mutant(7)).not.toEqual(mutant(8));
    expect(mutant(7).filter(text => text === SOURCES[0])).toEqual([]);
  });
});
