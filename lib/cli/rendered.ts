import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VaultRoleFile } from '../check/issuance/index.js';
import type { Plan } from '../fleet/index.js';
import { type ObjectSet, readObjects } from '../objects/index.js';
import { UsageError } from './exit.js';

/** What was rendered for one environment. */
export interface Rendered {
  readonly objects: ObjectSet;
  readonly vaultRole: VaultRoleFile | undefined;
}

export function readRendered(plan: Plan, folder: string): Rendered {
  const file = join(folder, 'vault/role.json');
  const hasRole = plan.authority.kind === 'vault' && existsSync(file);
  return { objects: readObjects(folder), vaultRole: hasRole ? { file, text: readFileSync(file, 'utf8') } : undefined };
}

/** With one environment asked for, the folder may be that of the environment itself. */
export function renderedFolder(manifests: string, environment: string, single: boolean): string {
  const folder = join(manifests, environment);
  if (existsSync(folder)) return folder;
  if (single && existsSync(join(manifests, 'kustomization.yaml'))) return manifests;
  throw new UsageError(`there are no manifests in ${folder}`, 'run sentinel-mtls synth first, or name the folder with --manifests');
}
