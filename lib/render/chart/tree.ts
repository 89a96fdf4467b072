import { App, Chart } from 'cdk8s';
import {
  addPlane,
  type FleetOptions,
  Manifest,
  type ManifestBody,
  Monitoring,
  NAME_LABEL,
  PLANES,
  type Plane,
  type PlaneProps,
  planeParts,
} from '../../constructs/index.js';
import type { Fleet, Plan } from '../../fleet/index.js';
import { serviceBlocks } from './blocks.js';
import { type Condition, variantCondition } from './condition.js';
import { as } from './expression.js';
import { type GlobalValues, globalValues } from './global-values.js';
import { Merger, together, type Version, type Word, wordOf } from './merge.js';
import type { MapNode } from './node.js';
import { type ChartMode, FleetPlans } from './plans.js';
import { type ServiceValues, serviceValues } from './service-values.js';
import { SymbolicPlans } from './symbolic.js';
import { type Axes, Variants } from './variants.js';

/** One object of the chart, in every variant. */
export interface TreeObject {
  readonly plane: Plane;
  /** The service that it belongs to; undefined for the fleet's own. */
  readonly service: ServiceValues | undefined;
  readonly kind: string;
  readonly node: MapNode;
  /** In which environments and modes it is there. */
  readonly when: Condition;
}

/** The construct tree of a fleet with the values of a chart in it: what both back ends are made of. */
export interface ChartTree {
  readonly fleet: Fleet;
  readonly plans: FleetPlans;
  readonly global: GlobalValues;
  readonly services: readonly ServiceValues[];
  /** Part by part, so that the nodes of a large fleet need not stand in memory together. */
  readonly objects: () => Iterable<TreeObject>;
}

/**
 * Modes that a plane tells apart by nothing but their word, so that the constructs run for one of them. Planes that are
 * not here do not depend on the mode: they hold certificates, which wait in mode disabled for the next one.
 */
export const ALIKE: Readonly<Partial<Record<Plane, readonly (readonly ChartMode[])[]>>> = {
  policy: [['strict', 'audit'], ['permissive'], ['disabled'], ['declared']],
  network: [['strict', 'audit', 'disabled'], ['permissive'], ['declared']],
  workload: [['strict', 'audit'], ['permissive'], ['disabled'], ['declared']],
};

export function chartTree(fleet: Fleet): ChartTree {
  const plans = new FleetPlans(fleet);
  const global = globalValues(plans);
  const blocks = serviceBlocks(
    serviceNames(plans),
    global.values.params.map(({ keys }) => keys[0] ?? ''),
  );
  const services = [...blocks].map(([name, block]) => serviceValues(name, block, plans, global));
  const symbolic = new SymbolicPlans(plans, global, services);
  const axes: Axes = { environments: plans.environments, modes: plans.modes, environment: global.environment, mode: global.mode };
  const options: FleetOptions = {
    imagePullSecrets: as(global.imagePullSecrets),
    services: Object.fromEntries(services.map(service => [service.name, service.options])),
  };
  const everywhere = Variants.all(axes);
  const byName = new Map(services.map(service => [service.name, service]));
  const words = wordsOf(symbolic, global, plans.environments.length > 1);
  return { fleet, plans, global, services, objects };

  function* objects(): Generator<TreeObject> {
    const [environment = ''] = plans.environments;
    for (const plane of PLANES) {
      const count = planeParts(planFor(plane, environment, plans.modes[0] ?? 'strict'), plane).length;
      for (let part = 0; part < count; part++) yield* partObjects(plane, part);
    }
  }

  function partObjects(plane: Plane, part: number): TreeObject[] {
    const versions = new Map<string, Version[]>();
    const merger = new Merger(symbolic.tokens);
    for (const environment of plans.environments) {
      for (const modes of alike(plane, plans.modes)) {
        const [mode = 'strict'] = modes;
        const variants = together(modes.map(each => ({ variants: everywhere.only(environment, each) })));
        const plan = planFor(plane, environment, mode === 'disabled' && ALIKE[plane] === undefined ? 'strict' : mode);
        for (const body of manifests(plan, plane, { options, part: planeParts(plan, plane)[part] })) {
          const key = `${body.apiVersion} ${body.kind} ${body.metadata.namespace ?? ''} ${body.metadata.name}`;
          const version: Version = { variants, value: body, words: words(environment, mode) };
          const known = versions.get(key);
          if (known) known.push(version);
          else versions.set(key, [version]);
        }
      }
    }
    return [...versions.values()].map(found => treeObject(plane, found, merger));
  }

  function planFor(plane: Plane, environment: string, mode: ChartMode): Plan {
    if (plane === 'identity') return symbolic.identityPlan(environment, mode);
    return plane === 'issuance' ? symbolic.requestPlan(environment, mode) : symbolic.plan(environment, mode);
  }

  function treeObject(plane: Plane, versions: readonly Version[], merger: Merger): TreeObject {
    const present = together(versions);
    const node = merger.merge(versions, present);
    if (node.kind !== 'map') throw new Error('an object is no map');
    const body = versions[0]?.value as ManifestBody;
    const name = body.metadata.labels?.[NAME_LABEL];
    return {
      plane,
      service: name === undefined ? undefined : byName.get(name),
      kind: body.kind,
      node,
      when: variantCondition(present, everywhere),
    };
  }
}

function manifests(plan: Plan, plane: Plane, props: PlaneProps): ManifestBody[] {
  const app = new App();
  if (plane === 'monitoring') new Monitoring(new Chart(app, plane, { disableResourceNameHashes: true }), plane, { plan, files: false });
  else addPlane(app, plan, plane, props);
  return app.node
    .findAll()
    .filter(construct => construct instanceof Manifest)
    .map(manifest => {
      const body = manifest.plainData();
      if (body === undefined) throw new Error(`${manifest.node.path} has JSON patches, which a chart can't take`);
      return body;
    });
}

/** The modes of a chart in the rows that a plane makes of them. */
const alike = (plane: Plane, modes: readonly ChartMode[]): (readonly ChartMode[])[] =>
  (ALIKE[plane] ?? [modes]).map(row => modes.filter(mode => row.includes(mode))).filter(row => row.length > 0);

function serviceNames(plans: FleetPlans): string[] {
  return plans.plan(plans.environments[0] ?? '').services.map(service => service.name);
}

/** What a variant writes where another one writes another word: its mode, and its environment's name. */
function wordsOf(symbolic: SymbolicPlans, global: GlobalValues, several: boolean): (environment: string, mode: string) => Word[] {
  const mode = symbolic.tokens.text('mode', global.mode);
  const environment = symbolic.tokens.text('environment', global.environment);
  const known = new Map<string, Word>();
  const word = (text: string, token: string): Word => {
    const found = known.get(`${token} ${text}`) ?? wordOf(text, token);
    known.set(`${token} ${text}`, found);
    return found;
  };
  return (environmentName, modeName) => [
    ...(modeName === 'declared' ? [] : [word(modeName, mode)]),
    ...(several ? [word(environmentName, environment)] : []),
  ];
}
