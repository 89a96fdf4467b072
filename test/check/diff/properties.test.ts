import fc from 'fast-check';
import { type Change, diffTrees, type Effect, type EnvironmentDifference, type Tree } from '../../../lib/check/diff/index.js';
import { type Fleet, FleetError, type Plan, resolve } from '../../../lib/fleet/index.js';
import type { KubernetesObject } from '../../../lib/objects/index.js';
import { SEED } from '../../_seed.js';
import { changed, FLEETS, objectsOf, render, renderOne, type Writable } from './_trees.js';

const LONG = process.env.SENTINEL_LONG === '1';
const RUNS = { seed: SEED, endOnFailure: true, numRuns: LONG ? 400 : 40 };
const CASES = Object.values(FLEETS).flatMap(fleet =>
  Object.keys(fleet.environments).map(environment => [fleet.fleet, environment] as const),
);

describe('nothing differs from itself', () => {
  test.each(Object.keys(FLEETS))('%s', name => {
    const fleet = FLEETS[name] as Fleet;
    expect(diffTrees(render(fleet), render(fleet))).toEqual([]);
  });

  test.each(CASES)('%s, %s, also where every byte is another: in JSON, with the objects in another order', (name, environment) => {
    const objects = objectsOf(renderOne(FLEETS[name] as Fleet, environment));
    const text = (list: readonly KubernetesObject[], indent: number): Tree => ({
      name: 'env',
      files: new Map([['x.yaml', Buffer.from(list.map(object => JSON.stringify(object, undefined, indent)).join('\n---\n'))]]),
    });
    expect(diffTrees(text(objects, 0), text([...objects].reverse(), 2))).toEqual([]);
  });
});

describe('a difference read backwards is its mirror', () => {
  // each against the next: another environment of its fleet, or another fleet
  test.each(CASES.map((first, index) => [...first, ...(CASES[(index + 1) % CASES.length] as (typeof CASES)[number])]))(
    '%s, %s against %s, %s',
    (...names) => {
      const [name, environment, other, second] = names as [string, string, string, string];
      const one = renderOne(FLEETS[name] as Fleet, environment, 'one');
      const two = renderOne(FLEETS[other] as Fleet, second, 'one');
      const forward = diffTrees(one, two);
      expect(forward.length).toBe(1);
      expect(mirrored(forward)).toEqual(sorted(diffTrees(two, one)));
    },
  );
});

const OPPOSITE: Readonly<Record<Effect, Effect>> = { weaker: 'stronger', stronger: 'weaker', review: 'review', none: 'none' };

const sorted = (differences: readonly EnvironmentDifference[]): unknown =>
  differences.map(difference => ({ ...difference, changes: difference.changes.map(comparable).sort(byText) }));

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Without the words, which each side chooses by its own services. */
const comparable = ({ section, change, effect, fields, sources }: Change) => ({
  section,
  change,
  effect,
  fields: [...fields].map(field => ({ ...field })).sort(byText),
  sources,
});

function mirrored(differences: readonly EnvironmentDifference[]): unknown {
  const turned = { added: 'removed', removed: 'added', changed: 'changed' } as const;
  return sorted(
    differences.map(({ environment, change, changes }) => ({
      environment,
      change: turned[change],
      changes: changes.map(({ change: kind, effect, fields, ...rest }) => ({
        ...rest,
        change: turned[kind],
        effect: OPPOSITE[effect],
        fields: fields.map(field =>
          'added' in field
            ? { ...field, effect: OPPOSITE[field.effect], added: field.removed, removed: field.added }
            : {
                field: field.field,
                effect: OPPOSITE[field.effect],
                ...(field.new === undefined ? {} : { old: field.new }),
                ...(field.old === undefined ? {} : { new: field.old }),
              },
        ),
      })),
    })),
  );
}

const tlsCalls = (plan: Plan): string[] => {
  const carries = (service: string, port: string): boolean =>
    plan.services.some(
      ({ name, ports }) => name === service && ports.some(other => other.name === port && other.tls && other.mode !== 'disabled'),
    );
  return plan.edges.filter(({ callee, port }) => carries(callee, port)).map(({ caller, callee, port }) => `${caller} → ${callee}:${port}`);
};

const callChanges = (differences: readonly EnvironmentDifference[], change: Change['change']): string[] =>
  differences.flatMap(({ changes }) =>
    changes.filter(found => found.section === 'calls' && found.change === change).map(({ subject }) => subject),
  );

const fleets = fc.constantFrom(...CASES);
const minus = (left: readonly string[], right: readonly string[]): string[] => left.filter(item => !right.includes(item)).sort();

describe('a call that is declared anew', () => {
  test('is reported, and no other call; the plan is the oracle', () => {
    const counts = { tls: 0, plain: 0 };
    fc.assert(
      fc.property(fleets, fc.nat(), fc.nat(), fc.nat(), ([name, environment], a, b, c) => {
        const fleet = FLEETS[name] as Fleet;
        const services = Object.keys(fleet.services);
        const caller = services[a % services.length] as string;
        const callee = services[b % services.length] as string;
        const ports = Object.keys(fleet.services[callee]?.ports ?? {});
        fc.pre(caller !== callee && ports.length > 0);
        const call = `${callee}:${ports[c % ports.length]}`;
        const wider = withCall(fleet, caller, call);
        fc.pre(wider !== undefined);
        const [before, after] = [tlsCalls(resolve(fleet, environment)), tlsCalls(resolve(wider as Fleet, environment))];
        const differences = diffTrees(renderOne(fleet, environment), renderOne(wider as Fleet, environment));
        expect(callChanges(differences, 'added').sort()).toEqual(minus(after, before));
        expect(callChanges(differences, 'removed')).toEqual([]);
        counts[minus(after, before).length > 0 ? 'tls' : 'plain']++;
        const backwards = diffTrees(renderOne(wider as Fleet, environment), renderOne(fleet, environment));
        expect(callChanges(backwards, 'removed').sort()).toEqual(minus(after, before));
        if (minus(after, before).length === 0)
          expect(openings(differences, caller).length + unguarded(resolve(fleet, environment))).toBeGreaterThan(0);
      }),
      RUNS,
    );
    process.stdout.write(`diff: seed ${SEED}, ${counts.tls} calls over TLS and ${counts.plain} without were added and found\n`);
    expect(counts.tls).toBeGreaterThan(10);
  });
});

/** Undefined where the fleet already has the call, or may not have it. */
function withCall(fleet: Fleet, caller: string, call: string): Fleet | undefined {
  const declared = (fleet.services[caller]?.calls ?? []).map(known => (typeof known === 'string' ? known : known.to));
  if (declared.includes(call)) return undefined;
  try {
    return changed(fleet, copy => {
      const service = copy.services[caller] as Writable<Fleet['services'][string]>;
      service.calls = [...(service.calls ?? []), call];
    });
  } catch (error) {
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}

const openings = (differences: readonly EnvironmentDifference[], caller: string): Change[] =>
  differences.flatMap(({ changes }) =>
    changes.filter(({ section, sources }) => section === 'network' && sources.some(source => source.includes(`/${caller}-mtls-only`))),
  );

/** 1 where no NetworkPolicy tells calls apart that have no TLS. */
const unguarded = (plan: Plan): number => (plan.network.policies ? 0 : 1);

describe('no difference is silent', () => {
  test('one value that is changed or deleted anywhere in any object is told', () => {
    const counts = { told: 0, refused: 0 };
    const pools = CASES.map(([name, environment]) => objectsOf(renderOne(FLEETS[name] as Fleet, environment)));
    fc.assert(
      fc.property(fc.constantFrom(...pools), fc.nat(), fc.nat(), fc.boolean(), (objects, a, b, drop) => {
        const object = objects[a % objects.length] as KubernetesObject;
        const paths = pathsOf(object);
        const path = paths[b % paths.length] as (string | number)[];
        const mutant = mutated(object, path, drop);
        let changes: readonly Change[];
        try {
          changes = diffTrees(treeOf([object]), treeOf([mutant])).flatMap(difference => difference.changes);
        } catch (error) {
          // an object without a name, or a policy.json that no process would read
          expect(String(error)).toMatch(/ObjectsError|has no|policy\.json/);
          counts.refused++;
          return;
        }
        const where = `${object.kind} ${path.join('.')}`;
        expect({ where, told: changes.length > 0 }).toEqual({ where, told: true });
        const onlyForm = changes.every(({ fields }) => fields.length > 0 && fields.every(({ field }) => field === 'form'));
        if (onlyForm) expect(where).toMatch(drop ? SAME_MEANING : /^$/);
        counts.told++;
      }),
      { ...RUNS, numRuns: LONG ? 20_000 : 1500 },
    );
    process.stdout.write(`diff: seed ${SEED}, ${counts.told} changed values told, ${counts.refused} refused\n`);
    expect(counts.told).toBeGreaterThan(1000);
  });

  test('a file that is changed, added or removed is told', () => {
    for (const [name, environment] of CASES.filter(([, kind]) => kind === 'prod')) {
      const tree = renderOne(FLEETS[name] as Fleet, environment);
      for (const [path, bytes] of tree.files) {
        const without = new Map([...tree.files].filter(([other]) => other !== path));
        // the folder of an environment is one by its kustomization.yaml, but a folder of YAML can be compared as well
        expect([path, diffTrees(tree, { name: tree.name, files: without }).length]).toEqual([path, 1]);
        if (/\.(?:hcl|json)$/.test(path)) {
          const more = new Map([...tree.files, [path, Buffer.concat([bytes, Buffer.from(path.endsWith('json') ? ' x' : '#')])]]);
          expect([path, diffTrees(tree, { name: tree.name, files: more }).length]).toEqual([path, 1]);
        }
      }
    }
  });
});

/** Left out, these mean what stands there: the API server or cert-manager fills them in. */
const SAME_MEANING =
  /^(?:Certificate spec\.issuerRef\.group|NetworkPolicy spec\.(?:in|e)gress\.\d+\.ports\.\d+\.protocol|NetworkPolicy spec\.policyTypes\.\d)$/;

function pathsOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, Array.isArray(value) ? Number(key) : key]));
}

function mutated(object: KubernetesObject, path: readonly (string | number)[], drop: boolean): KubernetesObject {
  const copy = structuredClone(object) as unknown;
  // biome-ignore lint/suspicious/noExplicitAny: any place of any object
  let parent = copy as any;
  for (const part of path.slice(0, -1)) parent = parent[part];
  const last = path.at(-1) as string | number;
  const value: unknown = parent[last];
  if (drop) {
    if (Array.isArray(parent)) parent.splice(last as number, 1);
    else delete parent[last];
  } else parent[last] = typeof value === 'string' ? `${value}x` : typeof value === 'number' ? value + 1 : !value;
  return copy as KubernetesObject;
}

/** A file an object; JSON is YAML. */
const treeOf = (objects: readonly KubernetesObject[]): Tree => ({
  name: 'env',
  files: new Map(objects.map((object, index) => [`${index}.yaml`, Buffer.from(JSON.stringify(object))])),
});
