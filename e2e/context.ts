import { Api } from './api.js';
import type { Context } from './claim.js';
import { Kubectl } from './kubectl.js';
import { build, nodePrograms } from './node/programs.js';
import { note } from './results.js';
import { RunningFleet } from './running-fleet.js';

/** What claims are given to ask the cluster with; `work` is a folder for files. */
export async function openContext(work: string): Promise<Context> {
  const [helm = ''] = build('helm4');
  return { kubectl: new Kubectl(nodePrograms().kubectl), api: await Api.open(), helm, fleet: new RunningFleet(), work, note };
}
