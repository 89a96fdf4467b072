import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../cli/_cli.js';
import { until } from './_cluster.js';

/** `status --watch --format json` as a process. */
export class Watching {
  stdout = '';
  stderr = '';
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  readonly #child: ChildProcess;

  constructor(args: readonly string[]) {
    const main = join(ROOT, 'build', 'lib', 'cli', 'main.js');
    this.#child = spawn(process.execPath, [main, 'status', '--watch', '--format', 'json', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (data: Buffer) => {
      this.stdout += data.toString();
    });
    this.#child.stderr?.on('data', (data: Buffer) => {
      this.stderr += data.toString();
    });
    this.ended = new Promise(resolve => this.#child.once('close', (code, signal) => resolve({ code, signal })));
  }

  /** Documents of `--format json` so far. */
  get looks(): number {
    return this.stdout.split('"schemaVersion"').length - 1;
  }

  untilLooks(count: number): Promise<void> {
    return until(`${count} looks`, 90, async () => this.looks >= count);
  }

  /** Files, sockets and pipes that are open. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length;
  }

  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }
}
