import { join } from 'node:path';
import type { Context } from './claim.js';
import { InstalledEnvironment } from './environment.js';
import { ROOT } from './node/settings.js';

/** Sentinel's dev as `kubectl apply -k` installs it, with its pods. Claims about a running fleet share it, one after the other. */
export class RunningFleet {
  #environment: InstalledEnvironment | undefined;

  /** Installs it; where it runs already, puts back what a claim has taken away. */
  up(context: Context): InstalledEnvironment {
    this.#environment ??= new InstalledEnvironment(context, join(ROOT, 'dist', 'dev'), 'sentinel-system');
    this.#environment.install({ pods: true });
    return this.#environment;
  }

  /** Does nothing when it is not there. */
  down(): void {
    this.#environment?.remove();
    this.#environment = undefined;
  }
}
