/** Redrawing more often than this costs more than it tells. */
const INTERVAL_MS = 80;
const WIDTH = 30;

/** A bar on stderr while something takes long; nothing where stderr is no terminal. */
export function progress(what: string): { step(done: number, total: number): void; end(): void } {
  if (process.stderr.isTTY !== true) return { step: () => undefined, end: () => undefined };
  let last = performance.now();
  let drawn = false;
  return {
    step(done, total) {
      const now = performance.now();
      if (now - last < INTERVAL_MS) return;
      last = now;
      drawn = true;
      const filled = Math.round((done / Math.max(1, total)) * WIDTH);
      process.stderr.write(`\r${what} [${'#'.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${done} of ${total} files`);
    },
    end() {
      if (drawn) process.stderr.write('\r\u001b[K');
    },
  };
}
