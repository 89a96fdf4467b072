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
import type { Condition } from './condition.js';
import { as } from './expression.js';
import { type GlobalValues, globalValues } from './global-values.js';
import { conditionOf, Merger, together, type Version, type Word } from './merge.js';
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
  readonly objects: readonly TreeObject[];
}

/** Planes that depend on the mode; the others hold certificates, which wait in mode disabled for the next one. */
const BY_MODE: ReadonlySet<Plane> = new Set(['policy', 'network', 'workload']);

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
  const byName = new Map(services.map(service => [service.name, service]));
  const merger = new Merger(symbolic.tokens);
  const words = wordsOf(symbolic, global, plans.environments.length > 1);
  const objects = PLANES.flatMap(plane => planeObjects(plane));
  return { fleet, plans, global, services, objects };

  function planeObjects(plane: Plane): TreeObject[] {
    const [environment = ''] = plans.environments;
    const count = planeParts(planFor(plane, environment, plans.modes[0] ?? 'strict'), plane).length;
    // part by part: the constructs of all modes of a large fleet need not stand in memory together
    return Array.from({ length: count }, (_, part) => partObjects(plane, part)).flat();
  }

  function partObjects(plane: Plane, part: number): TreeObject[] {
    const versions = new Map<string, Version[]>();
    for (const environment of plans.environments) {
      for (const modes of BY_MODE.has(plane) ? plans.modes.map(mode => [mode]) : [plans.modes]) {
        const [mode = 'strict'] = modes;
        const variants = together(modes.map(each => ({ variants: Variants.one(axes, environment, each) })));
        const plan = planFor(plane, environment, mode === 'disabled' && !BY_MODE.has(plane) ? 'strict' : mode);
        for (const body of manifests(plan, plane, { options, part: planeParts(plan, plane)[part] })) {
          const key = `${body.apiVersion} ${body.kind} ${body.metadata.namespace ?? ''} ${body.metadata.name}`;
          const version: Version = { variants, value: body, words: words(environment, mode) };
          const known = versions.get(key);
          if (known) known.push(version);
          else versions.set(key, [version]);
        }
      }
    }
    return [...versions.values()].map(found => treeObject(plane, found));
  }

  function planFor(plane: Plane, environment: string, mode: ChartMode): Plan {
    if (plane === 'identity') return symbolic.identityPlan(environment, mode);
    return plane === 'issuance' ? symbolic.requestPlan(environment, mode) : symbolic.plan(environment, mode);
  }

  function treeObject(plane: Plane, versions: readonly Version[]): TreeObject {
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
      when: conditionOf(present, Variants.all(axes)),
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

function serviceNames(plans: FleetPlans): string[] {
  return plans.plan(plans.environments[0] ?? '').services.map(service => service.name);
}

/** What a variant writes where another one writes another word: its mode, and its environment's name. */
function wordsOf(symbolic: SymbolicPlans, global: GlobalValues, several: boolean): (environment: string, mode: string) => Word[] {
  const mode = symbolic.tokens.text('mode', global.mode);
  const environment = symbolic.tokens.text('environment', global.environment);
  return (environmentName, modeName) => [
    ...(modeName === 'declared' ? [] : [{ text: modeName, token: mode }]),
    ...(several ? [{ text: environmentName, token: environment }] : []),
  ];
}
