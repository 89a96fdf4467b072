import fc from 'fast-check';
import { type FleetChart, GuardError, withDefaults } from '../../../lib/render/chart/index.js';
import { type Helm, helms } from '../../_helm.js';
import { SEED } from '../../_seed.js';
import { byKey, chartFolder, chartOf, EXAMPLES, example, hasFloatNotation, objectsIn, RELEASE, sentinel, template } from './_chart.js';
import { randomFleet } from './_random-fleet.js';
import { valuesOf } from './_values.js';

const LONG = process.env.SENTINEL_LONG === '1';
const DRAWS = LONG ? 1_000 : 60;
const RANDOM_FLEETS = LONG ? 12 : 2;

const FLEETS = [
  ['Sentinel', sentinel],
  ...EXAMPLES.map(name => [name, () => example(name)] as const),
  ...Array.from({ length: RANDOM_FLEETS }, (_, index) => [`random fleet ${SEED + index}`, () => randomFleet(SEED + index)] as const),
] as const;

/** What Helm renders, or the message with which the chart itself refuses. */
export async function rendered(helm: Helm, folder: string, values: unknown): Promise<unknown> {
  try {
    const text = await template(helm, folder, values);
    expect(hasFloatNotation(text)).toBe(false);
    return byKey(objectsIn(text));
  } catch (error) {
    const refusal = /execution error at \S+: (.*)/.exec(String(error))?.[1];
    if (refusal === undefined) throw error;
    return refusal;
  }
}

/** What the constructs make of the same values, or the same message. */
export function expected(chart: FleetChart, values: Readonly<Record<string, unknown>>): unknown {
  try {
    return byKey(chart.objects(withDefaults(chart.values, values), RELEASE));
  } catch (error) {
    if (error instanceof GuardError) return error.message;
    throw error;
  }
}

/** The tests of one Helm; each has a file of its own, so that they run beside each other. */
export function describeEquality(major: 3 | 4): void {
  const found = helms().find(helm => helm.major === major);
  console.log(`chart = synth: seed ${SEED}, ${DRAWS} draws a fleet, ${FLEETS.length} fleets, Helm ${found?.path ?? 'missing'}`);
  const suite = found === undefined ? describe.skip : describe;
  suite(`Helm ${major}`, () => {
    const helm = found as Helm;

    test.each(FLEETS)(
      'renders %s as the constructs do, for any values',
      async (_, fleet) => {
        const chart = chartOf(fleet());
        const folder = chartFolder(chart);
        let refused = 0;
        await fc.assert(
          fc.asyncProperty(valuesOf(chart), async values => {
            const want = expected(chart, values);
            if (typeof want === 'string') refused++;
            expect(await rendered(helm, folder, values)).toEqual(want);
          }),
          // a failing case would be made smaller for minutes
          { seed: SEED, numRuns: DRAWS, endOnFailure: true },
        );
        // most draws must render, or the property says nothing
        expect(refused).toBeLessThan(DRAWS / 2);
      },
      3_600_000,
    );

    test.each(FLEETS)(
      'renders %s in every environment and mode',
      async (_, fleet) => {
        const chart = chartOf(fleet());
        const folder = chartFolder(chart);
        const environments = (chart.valueSchemas.get('environment')?.schema.enum ?? [undefined]) as (string | undefined)[];
        const modes = chart.valueSchemas.get('global.mtls.mode')?.schema.enum as string[];
        expect(modes).toEqual(expect.arrayContaining(['strict', 'permissive', 'audit', 'disabled']));
        for (const environment of environments) {
          for (const mode of modes) {
            const values = { ...(environment !== undefined && { environment }), global: { mtls: { mode } }, monitoring: { enabled: true } };
            expect(await rendered(helm, folder, values)).toEqual(expected(chart, values));
          }
        }
      },
      600_000,
    );
  });

  test('a difference would be found: one object less, one field changed, one rendered twice, a float', () => {
    const chart = chartOf(sentinel());
    const objects = chart.objects(chart.values, RELEASE);
    expect(byKey(objects.slice(1))).not.toEqual(byKey(objects));
    const changed = structuredClone(objects).map((object, index) => (index === 0 ? { ...(object as object), x: 1 } : object));
    expect(byKey(changed)).not.toEqual(byKey(objects));
    expect(() => byKey([...objects, objects[0]])).toThrow('is rendered twice');
    expect(hasFloatNotation('spec:\n  replicas: 1.979982517e+09\n')).toBe(true);
  });
}
