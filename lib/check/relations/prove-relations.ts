import type { Plan } from '../../fleet/plan.js';
import type { ObjectSet } from '../../objects/index.js';
import type { VaultRoleFile } from '../issuance/index.js';
import type { Difference, RelationLayer } from './difference.js';
import { identityDifferences } from './identity-differences.js';
import { issuanceDifferences } from './issuance-differences.js';
import { networkDifferences } from './network-differences.js';
import { worldOf } from './world.js';

/** Whether network, identity and issuance are each equal to the declared graph. */
export interface RelationProof {
  readonly fleet: string;
  readonly environment: string;
  readonly equal: boolean;
  /** Declared calls between services and across the border of the fleet. */
  readonly declaredCalls: number;
  readonly layers: Readonly<Record<RelationLayer, { readonly checked: boolean; readonly differences: number }>>;
  /** Undeclared connections of the network that are counted and not listed. */
  readonly unlisted: number;
  /** Smallest counterexamples, in the order of the layers and of the plan. */
  readonly differences: readonly Difference[];
  /** What a reader must know, such as stand-ins. */
  readonly notes: readonly string[];
}

export interface RelationInput {
  readonly objects: ObjectSet;
  readonly plan: Plan;
  /** What Vault was told, where the fleet has a Vault authority. */
  readonly vaultRole?: VaultRoleFile | undefined;
}

/** Reads who can call, be believed and obtain what from rendered objects, and compares it with the plan. */
export function proveRelations({ objects, plan, vaultRole }: RelationInput): RelationProof {
  const world = plan.network.policies ? worldOf(objects, plan) : undefined;
  const network = world ? networkDifferences(world, plan) : { differences: [], unexplained: 0 };
  const identity = identityDifferences(objects, plan);
  const issuance = issuanceDifferences(objects, plan, vaultRole);
  const differences = [...network.differences, ...identity, ...issuance.differences];
  return {
    fleet: plan.fleet,
    environment: plan.environment,
    equal: differences.length === 0,
    declaredCalls: plan.edges.length + plan.externalEdges.length,
    layers: {
      network: { checked: world !== undefined, differences: network.differences.length + network.unexplained },
      identity: { checked: true, differences: identity.length },
      issuance: { checked: plan.issuance, differences: issuance.differences.length },
    },
    unlisted: network.unexplained,
    differences,
    notes: [...(world ? world.notes : ['the network is not limited here: the fleet switches its policies off']), ...issuance.notes],
  };
}
