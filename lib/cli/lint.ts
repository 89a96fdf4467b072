import { readFileSync, writeFileSync } from 'node:fs';
import {
  applyFixes,
  applySuppressions,
  fleetOrigin,
  formatBaseline,
  globPattern,
  hears,
  inFileOrder,
  type LintConfig,
  type LintOptions,
  type LocatedFinding,
  lintObjects,
  parseBaseline,
  profileDependent,
  readInlineSuppressions,
  ruleOf,
  unreadableFindings,
  withoutBaseline,
} from '../check/lint/index.js';
import { loadFleet } from '../fleet/index.js';
import { type Manifests, ObjectSet, readManifests } from '../objects/index.js';
import type { LintResult } from '../report/index.js';
import { EXIT } from './exit.js';
import { readInputText } from './input-file.js';
import { type LintArguments, lintArguments } from './lint-arguments.js';
import { readLintConfig, withConfig } from './lint-config.js';
import { lintExitCode } from './lint-exit.js';
import { writeFixes } from './lint-fix.js';
import { writeOutputs } from './lint-outputs.js';
import { progress } from './progress.js';

/** A fix may open the way for another one in the same place; each round mends at least one. */
const MOST_ROUNDS = 5;

export async function run(args: readonly string[]): Promise<number> {
  const asked = lintArguments(args);
  const config = readLintConfig(asked.config);
  const baseline =
    asked.baseline === undefined
      ? undefined
      : parseBaseline(readInputText(asked.baseline, `write it with --write-baseline ${asked.baseline}`), asked.baseline);
  const options = { ...withConfig(asked.options, config), ...originOption(asked.fleet) };
  for (const file of asked.values) readInputText(file, 'name the values of a chart');
  let checked = check(asked, options, config);
  for (let round = 0; asked.fix && round < MOST_ROUNDS && writeFixes(applyFixes(checked.findings, checked.manifests.objects)) > 0; round++)
    checked = check(asked, options, config);
  const { manifests } = checked;
  if (asked.writeBaseline !== undefined) {
    writeFileSync(asked.writeBaseline, formatBaseline(checked.findings));
    process.stderr.write(`${asked.writeBaseline}: ${checked.findings.length} findings written\n`);
    return EXIT.ok;
  }
  const { fresh, known, gone } = withoutBaseline(checked.findings, baseline ?? new Map());
  if (gone > 0) process.stderr.write(`${asked.baseline}: ${gone} of its findings are gone, write it anew with --write-baseline\n`);
  const result: LintResult = {
    findings: fresh,
    suppressed: checked.suppressed + known,
    objects: manifests.objects.size,
    files: manifests.files,
    profile: options.profile ?? 'default',
    version: (require('#package') as { version: string }).version,
  };
  writeOutputs(result, asked.outputs, writeFileSync, asked.color || process.stdout.isTTY === true);
  return lintExitCode(result, asked);
}

interface Checked {
  readonly findings: readonly LocatedFinding[];
  readonly suppressed: number;
  readonly manifests: Manifests;
}

function check(asked: LintArguments, options: LintOptions, config: LintConfig): Checked {
  const bar = progress('reading');
  const manifests = withoutExcluded(readManifests(asked.paths, { values: asked.values, onFile: bar.step }), config.exclude);
  bar.end();
  const persona = options.persona ?? 'regular';
  const inline = readInlineSuppressions(manifests.files);
  const suppressions = [...inline.suppressions, ...config.suppressions];
  // with suppressions the findings for every persona, so that none is called unused because nobody was to hear of its finding
  const all = lintObjects(manifests.objects, suppressions.length > 0 ? { ...options, persona: 'auditor' } : options);
  const only = options.only?.map(name => ruleOf(name)?.code);
  const { findings, suppressed } = applySuppressions(all, suppressions, {
    date: options.date ?? new Date().toISOString().slice(0, 10),
    mayBeUnused: code => (only !== undefined && !only.includes(code)) || profileDependent(code),
  });
  const heard = [...unreadableFindings(manifests.unreadable), ...inline.findings, ...findings].filter(finding =>
    hears(persona, finding.persona),
  );
  return { findings: heard.sort(inFileOrder), suppressed: suppressed.filter(finding => hears(persona, finding.persona)).length, manifests };
}

function withoutExcluded(manifests: Manifests, exclude: readonly string[]): Manifests {
  if (exclude.length === 0) return manifests;
  const patterns = exclude.map(globPattern);
  const kept = (file: string): boolean => !patterns.some(pattern => pattern.test(file));
  return {
    objects: new ObjectSet(
      manifests.objects.entries().filter(({ source }) => kept(source.file)),
      manifests.objects.skipped,
    ),
    unreadable: manifests.unreadable.filter(({ source }) => kept(source.file)),
    files: manifests.files.filter(({ name }) => kept(name)),
  };
}

function originOption(file: string | undefined): Pick<LintOptions, 'origin'> {
  if (file === undefined) return {};
  return { origin: fleetOrigin(loadFleet(file), readFileSync(file, 'utf8'), file) };
}
