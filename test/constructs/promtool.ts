import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

export interface Verdict {
  readonly ok: boolean;
  /** What promtool wrote to both streams. */
  readonly text: string;
}

/** Path of promtool. @throws when there is none: a rule that nobody checked must not pass */
export function promtool(): string {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'promtool');
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  throw new Error('promtool is not in PATH, so the rules can not be checked\n  install the Debian package "prometheus" (2.42 or later)');
}

/** Runs promtool in a folder that has these files and is gone afterwards. */
export function runPromtool(files: Readonly<Record<string, string>>, ...args: readonly string[]): Verdict {
  const path = promtool();
  const folder = mkdtempSync(join(tmpdir(), 'promtool-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const run = spawnSync(path, args, { cwd: folder, encoding: 'utf8' });
    return { ok: run.status === 0, text: `${run.stdout}${run.stderr}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const checkRules = (rules: string): Verdict =>
  runPromtool({ 'rules.yaml': rules }, 'check', 'rules', '--lint=all', '--lint-fatal', 'rules.yaml');

export const testRules = (rules: string, tests: string): Verdict =>
  runPromtool({ 'rules.yaml': rules, 'rules.test.yaml': tests }, 'test', 'rules', 'rules.test.yaml');

/** Parses expressions by making each a recording rule. */
export function checkExpressions(expressions: readonly string[]): Verdict {
  const rules = expressions.map((expr, index) => ({ record: `expression:${index}`, expr }));
  return checkRules(JSON.stringify({ groups: [{ name: 'expressions', rules }] }));
}
