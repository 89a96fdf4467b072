import { checkManifests, type HandshakeResult, type ManifestFinding, proveHandshakes } from '../check/prove/index.js';
import { proveRelations, type RelationProof } from '../check/relations/index.js';
import { type Finding, objectFindings } from '../check/verify/index.js';
import type { Plan } from '../fleet/index.js';
import {
  formatHandshakes,
  formatManifestFindings,
  formatObjectFindings,
  formatRelations,
  handshakesJson,
  isFailing,
  relationsJson,
} from '../report/index.js';
import type { Format } from './arguments.js';
import { readRendered } from './rendered.js';

export interface Proof {
  readonly plan: Plan;
  /** Folder of the rendered manifests of this environment. */
  readonly folder: string;
}

export interface ProvingOptions {
  /** Also what `verify` finds in the objects alone: schemas and the rules of the linter. */
  readonly objects?: boolean;
  readonly handshakes: boolean;
  readonly format: Format;
  readonly maxNonEdges?: number | undefined;
}

interface Linted {
  readonly count: number;
  readonly findings: readonly Finding[];
}

interface Outcome {
  readonly plan: Plan;
  readonly objects: Linted | undefined;
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
      objects: options.objects ? { count: objects.size, findings: objectFindings({ ...rendered, plan }) } : undefined,
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

const hasPassed = ({ objects, findings, relations, handshakes }: Outcome): boolean =>
  !objects?.findings.some(isFailing) && findings.length === 0 && relations.equal && (handshakes?.failures.length ?? 0) === 0;

function document({ plan, objects, findings, relations, handshakes }: Outcome): unknown {
  return {
    fleet: plan.fleet,
    environment: plan.environment,
    ...(objects === undefined ? {} : { objects }),
    manifests: { findings },
    relations: relationsJson(relations),
    ...(handshakes === undefined ? {} : { handshakes: handshakesJson(handshakes) }),
  };
}

function text({ plan, objects, findings, relations, handshakes }: Outcome): string {
  const linted = objects === undefined ? '' : formatObjectFindings(objects.count, objects.findings, plan);
  const shakes = handshakes === undefined ? '' : formatHandshakes(handshakes, plan);
  return `${linted}${formatManifestFindings(findings, plan)}${formatRelations(relations)}${shakes}\n`;
}
