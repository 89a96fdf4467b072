import { ApiObject, Chart } from 'cdk8s';
import { Construct, type IConstruct } from 'constructs';
import type { Plan } from '../fleet/plan.js';
import { Authority } from './authority.js';
import { Identity } from './identity.js';
import { Issuance } from './issuance.js';
import { kustomization } from './kustomize-kustomization.js';
import { Monitoring } from './monitoring/index.js';
import { Namespaces } from './namespaces.js';
import { Network } from './network.js';
import type { FleetOptions } from './options.js';
import { OutputFile } from './output-file.js';
import { type Part, partsOf } from './part.js';
import { Policy } from './policy.js';
import { Prerequisites } from './prerequisites.js';
import { Trust } from './trust.js';
import { Workload } from './workload.js';

/** In the order in which they are applied: what others wait for comes first. */
export const PLANES = ['authority', 'issuance', 'trust', 'identity', 'policy', 'network', 'workload', 'monitoring'] as const;

export type Plane = (typeof PLANES)[number];

/** File of a plane in the environment's folder. */
export const planeFile = (plane: Plane): string => `${plane}.yaml`;

type AddPlane = (chart: Chart, props: PlaneProps & { readonly plan: Plan }) => void;

export interface PlaneProps {
  /** @default all services */
  readonly part?: Part | undefined;
  /** @default none */
  readonly options?: FleetOptions | undefined;
}

const ADD: Readonly<Record<Plane, AddPlane>> = {
  authority: (chart, props) => {
    // In the first file of all, since everything else lies in them.
    new Namespaces(chart, 'namespaces', props);
    new Authority(chart, 'authority', props);
  },
  issuance: (chart, props) => new Issuance(chart, 'issuance', props),
  trust: (chart, props) => new Trust(chart, 'trust', props),
  identity: (chart, props) => new Identity(chart, 'identity', props),
  policy: (chart, props) => new Policy(chart, 'policy', props),
  network: (chart, props) => new Network(chart, 'network', props),
  workload: (chart, props) => new Workload(chart, 'workload', props),
  monitoring: (chart, props) => new Monitoring(chart, 'monitoring', props),
};

/** Adds one environment to an app: a scope with its name, a chart for each plane, and the files beside them. */
export function addEnvironment(app: Construct, plan: Plan, options?: FleetOptions): void {
  const scope = new Construct(app, plan.environment);
  const held = PLANES.filter(plane => addPlane(scope, plan, plane, { options }));
  addFiles(scope, plan, held);
}

/** Planes with objects of each service and nothing that sums them up. */
const IN_PARTS: ReadonlySet<Plane> = new Set(['identity', 'policy', 'network', 'workload']);

/** What `addPlane` takes one after the other, each for an app of its own; undefined is the whole plane. */
export const planeParts = (plan: Plan, plane: Plane): readonly (Part | undefined)[] => (IN_PARTS.has(plane) ? partsOf(plan) : [undefined]);

/** Adds the chart of one plane, or of a part of it, to an environment's scope; false when it has no objects. */
export function addPlane(scope: Construct, plan: Plan, plane: Plane, props: PlaneProps = {}): boolean {
  const chart = new Chart(scope, plane, { disableResourceNameHashes: true });
  ADD[plane](chart, { plan, ...props });
  return holdsObjects(chart);
}

/** Adds what stands beside the planes; `held` are those that have objects. */
export function addFiles(scope: Construct, plan: Plan, held: readonly Plane[]): void {
  new Prerequisites(scope, 'prerequisites', { plan });
  new OutputFile(scope, 'kustomization', { path: 'kustomization.yaml', content: kustomization(plan.fleet, held.map(planeFile)) });
}

/** Stops at the first object, so that a large plane costs nothing. */
function holdsObjects(construct: IConstruct): boolean {
  return ApiObject.isApiObject(construct) || construct.node.children.some(holdsObjects);
}
