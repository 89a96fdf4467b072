import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A port of the loopback interface that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** A daemon of this test; it ends with `stop`, or with this process. */
export class Daemon {
  readonly #child: ChildProcess;

  constructor(
    readonly name: string,
    command: readonly string[],
    readonly log: string,
  ) {
    const file = openSync(log, 'a');
    const [program, ...rest] = command;
    this.#child = spawn(program as string, rest, { stdio: ['ignore', file, file], cwd: '/' });
    closeSync(file);
    process.on('exit', this.#kill);
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL');
  };

  /** Polls until it answers; throws with the end of its log when it has ended, or takes too long. */
  async untilReady(seconds: number, test: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    let last: unknown;
    for (;;) {
      if (this.#child.exitCode !== null || Date.now() > deadline)
        throw new Error(`${this.name} is not ready: ${readFileSync(this.log, 'utf8').slice(-1500)}`, { cause: last });
      try {
        if (await test()) return;
      } catch (error) {
        last = error;
      }
      await pause(100);
    }
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise(resolve => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}
