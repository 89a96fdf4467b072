import { checkManifests, type HandshakeResult, type ManifestFinding, proveHandshakes } from '../check/prove/index.js';
import { proveRelations, type RelationProof } from '../check/relations/index.js';
import type { Plan } from '../fleet/index.js';
import { formatHandshakes, formatManifestFindings, formatRelations, handshakesJson, relationsJson } from '../report/index.js';
import type { Format } from './arguments.js';
import { readRendered } from './rendered.js';

export interface Proof {
  readonly plan: Plan;
  /** Folder of the rendered manifests of this environment. */
  readonly folder: string;
}

export interface ProvingOptions {
  readonly handshakes: boolean;
  readonly format: Format;
  readonly maxNonEdges?: number | undefined;
}

interface Outcome {
  readonly plan: Plan;
  readonly findings: readonly ManifestFinding[];
  readonly relations: RelationProof;
  readonly handshakes: HandshakeResult | undefined;
}

/** Checks each environment and prints it; true when nothing came out otherwise than declared. */
export async function proveEnvironments(proofs: readonly Proof[], options: ProvingOptions): Promise<boolean> {
  const outcomes: Outcome[] = [];
  for (const { plan, folder } of proofs) {
    const rendered = readRendered(plan, folder);
    const { objects } = rendered;
    const bound = options.maxNonEdges === undefined ? {} : { maxNonEdges: options.maxNonEdges };
    const outcome = {
      plan,
      findings: checkManifests(objects, plan),
      relations: proveRelations({ ...rendered, plan }),
      handshakes: options.handshakes ? await proveHandshakes(objects, plan, bound) : undefined,
    };
    outcomes.push(outcome);
    if (options.format === 'text') process.stdout.write(text(outcome));
  }
  const passed = outcomes.every(hasPassed);
  if (options.format === 'json')
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, passed, environments: outcomes.map(document) }, undefined, 2)}\n`);
  return passed;
}

const hasPassed = ({ findings, relations, handshakes }: Outcome): boolean =>
  findings.length === 0 && relations.equal && (handshakes?.failures.length ?? 0) === 0;

function document({ plan, findings, relations, handshakes }: Outcome): unknown {
  return {
    fleet: plan.fleet,
    environment: plan.environment,
    manifests: { findings },
    relations: relationsJson(relations),
    ...(handshakes === undefined ? {} : { handshakes: handshakesJson(handshakes) }),
  };
}

function text({ plan, findings, relations, handshakes }: Outcome): string {
  const shakes = handshakes === undefined ? '' : formatHandshakes(handshakes, plan);
  return `${formatManifestFindings(findings, plan)}${formatRelations(relations)}${shakes}\n`;
}
