import { writeFileSync } from 'node:fs';
import { proveRelations } from '../check/relations/index.js';
import { type Finding, verifyWith } from '../check/verify/index.js';
import { loadFleet, type Plan, resolve } from '../fleet/index.js';
import { renderPlan } from '../render/manifests/objects.js';
import { type FleetReport, fleetReport, reportHtml, reportMarkdown } from '../report/page/index.js';
import { chosenEnvironments, fleetPath, parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';
import { type Rendered, readRendered, renderedFolder } from './rendered.js';

const WRITERS: Readonly<Record<string, (report: FleetReport) => string>> = { html: reportHtml, markdown: reportMarkdown };

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      file: { type: 'string', short: 'f' },
      env: { type: 'string' },
      manifests: { type: 'string' },
      output: { type: 'string', short: 'o' },
      format: { type: 'string', default: 'html' },
    },
    true,
  );
  if (positionals.length > 1 || (positionals.length === 1 && values.file !== undefined))
    throw new UsageError('report takes one fleet', 'name one file or folder');
  const write = Object.hasOwn(WRITERS, values.format) ? WRITERS[values.format] : undefined;
  if (write === undefined) throw new UsageError(`format is "${values.format}"`, 'expected html or markdown');
  const fleet = loadFleet(fleetPath(positionals[0] ?? values.file));
  const [environment = ''] = chosenEnvironments(fleet, values.env === undefined ? undefined : [values.env]);
  const plan = resolve(fleet, environment);
  const text = write(reportOf(plan, values.manifests));
  if (values.output === undefined) process.stdout.write(text);
  else {
    writeFileSync(values.output, text);
    process.stdout.write(`${values.output}: report of fleet ${plan.fleet}, environment ${environment}\n`);
  }
  return EXIT.ok;
}

function reportOf(plan: Plan, manifests: string | undefined): FleetReport {
  const folder = manifests === undefined ? undefined : renderedFolder(manifests, plan.environment, true);
  const subject = { ...(folder === undefined ? inMemory(plan) : readRendered(plan, folder)), plan };
  const proof = proveRelations(subject);
  const found = verifyWith(subject, proof);
  return fleetReport({
    ...subject,
    proof,
    findings: folder === undefined ? found.map(withoutPlace) : found,
    source: folder ?? 'the fleet, as synth writes it',
    version: (require('#package') as { version: string }).version,
  });
}

function inMemory(plan: Plan): Rendered {
  const { objects, texts } = renderPlan(plan);
  const file = 'vault/role.json';
  const text = texts.get(file);
  return { objects, vaultRole: plan.authority.kind === 'vault' && text !== undefined ? { file, text } : undefined };
}

/** What was never written has no line. */
const withoutPlace = (finding: Finding): Finding => ({ ...finding, file: undefined, line: undefined });
