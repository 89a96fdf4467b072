import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..');
const MAIN = join(ROOT, 'build', 'lib', 'cli', 'main.js');

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line, as a user does. */
export function cli(args: readonly string[], cwd = ROOT): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { cwd, encoding: 'utf8', timeout: 120_000 });
  return { code: status, stdout, stderr };
}

/** The same without holding up this process, which serves what the command asks for. */
export function cliBeside(args: readonly string[], cwd = ROOT): Promise<Run> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, [MAIN, ...args], { cwd, encoding: 'utf8', timeout: 120_000 }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** A folder of its own that holds a copy of the Sentinel fleet. */
export function workspace(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-mtls-test-'));
  cpSync(join(ROOT, 'fleet.yaml'), join(folder, 'fleet.yaml'));
  return folder;
}
