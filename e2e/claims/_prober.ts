import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { nodePrograms } from '../node/programs.js';
import { KUBECONFIG } from '../node/settings.js';

/** A session in a pod that tries targets as often as it is asked to. */
export class Prober {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: ((answer: string) => void)[] = [];
  #errors = '';

  constructor(namespace: string, pod: string) {
    const command = ['exec', '-i', '-n', namespace, pod, '--', '/usr/bin/node', '/app/main.js', 'probe'];
    this.#process = spawn(nodePrograms().kubectl, [`--kubeconfig=${KUBECONFIG}`, ...command]);
    createInterface({ input: this.#process.stdout }).on('line', line => this.#waiting.shift()?.(line));
    this.#process.stderr.on('data', (bytes: Buffer) => {
      this.#errors += bytes.toString('utf8');
    });
  }

  /** For each target like `TCP 198.18.16.5 80`: `.` reached, `X` refused by the network, `?` neither. */
  async ask(targets: readonly string[], timeoutMs: number): Promise<string> {
    const answer = new Promise<string>((resolve, reject) => {
      const deadline = setTimeout(() => reject(new Error(`a pod doesn't answer: ${this.#errors.slice(-500)}`)), timeoutMs + 20_000);
      this.#waiting.push(line => {
        clearTimeout(deadline);
        resolve(line);
      });
    });
    this.#process.stdin.write(`${timeoutMs} ; ${targets.join(',')}\n`);
    const line = await answer;
    if (!/^[.X?]+$/.test(line) || line.length !== targets.length) throw new Error(`a pod answers "${line}" for ${targets.length} targets`);
    return line;
  }

  close(): void {
    this.#process.stdin.end();
    this.#process.kill();
  }
}
