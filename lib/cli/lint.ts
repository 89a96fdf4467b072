import { writeFileSync } from 'node:fs';
import { lintObjects, unreadableFindings } from '../check/lint/index.js';
import { readManifests } from '../objects/index.js';
import type { LintResult } from '../report/index.js';
import { lintArguments } from './lint-arguments.js';
import { lintExitCode } from './lint-exit.js';
import { writeOutputs } from './lint-outputs.js';
import { progress } from './progress.js';

export async function run(args: readonly string[]): Promise<number> {
  const asked = lintArguments(args);
  const bar = progress('reading');
  const { objects, unreadable, files } = readManifests(asked.paths, { values: asked.values, onFile: bar.step });
  bar.end();
  const findings = [...unreadableFindings(unreadable), ...lintObjects(objects, asked.options)];
  const result: LintResult = {
    findings,
    suppressed: 0,
    objects: objects.size,
    files,
    profile: asked.options.profile ?? 'default',
    version: (require('#package') as { version: string }).version,
  };
  writeOutputs(result, asked.outputs, writeFileSync);
  return lintExitCode(result, asked);
}
