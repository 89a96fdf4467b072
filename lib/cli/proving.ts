import { checkManifests, type HandshakeResult, type ManifestFinding, proveHandshakes } from '../check/prove/index.js';
import type { Plan } from '../fleet/index.js';
import { readObjects } from '../objects/index.js';
import { formatHandshakes, formatManifestFindings, handshakesJson } from '../report/index.js';
import type { Format } from './arguments.js';

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

/** Checks each environment and prints it; true when nothing came out otherwise than declared. */
export async function proveEnvironments(proofs: readonly Proof[], options: ProvingOptions): Promise<boolean> {
  let passed = true;
  const documents: unknown[] = [];
  for (const { plan, folder } of proofs) {
    const objects = readObjects(folder);
    const findings = checkManifests(objects, plan);
    const result = options.handshakes
      ? await proveHandshakes(objects, plan, options.maxNonEdges === undefined ? {} : { maxNonEdges: options.maxNonEdges })
      : undefined;
    if (findings.length > 0 || (result?.failures.length ?? 0) > 0) passed = false;
    if (options.format === 'json') documents.push(document(plan, findings, result));
    else process.stdout.write(text(plan, findings, result));
  }
  if (options.format === 'json')
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, passed, environments: documents }, undefined, 2)}\n`);
  return passed;
}

function document(plan: Plan, findings: readonly ManifestFinding[], result: HandshakeResult | undefined): unknown {
  return {
    fleet: plan.fleet,
    environment: plan.environment,
    manifests: { findings },
    ...(result === undefined ? {} : { handshakes: handshakesJson(result) }),
  };
}

function text(plan: Plan, findings: readonly ManifestFinding[], result: HandshakeResult | undefined): string {
  return `${formatManifestFindings(findings, plan)}${result === undefined ? '' : formatHandshakes(result, plan)}\n`;
}
