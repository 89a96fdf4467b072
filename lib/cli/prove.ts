import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadFleet, resolve } from '../fleet/index.js';
import { chosenEnvironments, fleetPath, formatOf, parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';
import { proveEnvironments } from './proving.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parse(
    args,
    {
      file: { type: 'string', short: 'f' },
      env: { type: 'string', multiple: true },
      manifests: { type: 'string', default: 'dist' },
      handshakes: { type: 'boolean', default: false },
      'non-edges': { type: 'string' },
      format: { type: 'string' },
    },
    false,
  );
  const format = formatOf(values.format);
  const fleet = loadFleet(fleetPath(values.file));
  const environments = chosenEnvironments(fleet, values.env).map(environment => ({
    plan: resolve(fleet, environment),
    folder: folderOf(values.manifests, environment, values.env?.length === 1),
  }));
  const passed = await proveEnvironments(environments, { handshakes: values.handshakes, format, maxNonEdges: bound(values['non-edges']) });
  return passed ? EXIT.ok : EXIT.findings;
}

/** With one environment asked for, the folder may be that of the environment itself. */
function folderOf(manifests: string, environment: string, single: boolean): string {
  const folder = join(manifests, environment);
  if (existsSync(folder)) return folder;
  if (single && existsSync(join(manifests, 'kustomization.yaml'))) return manifests;
  throw new UsageError(`there are no manifests in ${folder}`, 'run sentinel-mtls synth first, or name the folder with --manifests');
}

function bound(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new UsageError(`--non-edges is "${text}"`, 'expected a whole number');
  return Number(text);
}
