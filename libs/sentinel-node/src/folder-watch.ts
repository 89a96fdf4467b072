import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename } from 'node:path';
import { systemErrorCode } from './system-error.js';

interface Watched {
  readonly watcher: FSWatcher;
  /** Device, inode and birth of the folder that is really watched: the number of an inode is used again. */
  readonly stamp: string;
}

/**
 * Watches folders, never files: a watch of a file goes deaf at the first renaming. A hint only, since a watch may fail
 * or fall silent (NFS, limits of inotify): whoever uses it polls as well, and calls `check` then.
 */
export class FolderWatch {
  readonly #folders: readonly string[];
  readonly #onEvent: () => void;
  readonly #onLost: (folder: string, detail: string) => void;
  readonly #watched = new Map<string, Watched>();
  readonly #reported = new Set<string>();
  #closed = false;

  constructor(folders: readonly string[], onEvent: () => void, onLost: (folder: string, detail: string) => void) {
    this.#folders = folders;
    this.#onEvent = onEvent;
    this.#onLost = onLost;
    this.check();
  }

  /** True while every folder is watched. */
  get active(): boolean {
    return this.#folders.every(folder => this.#watched.has(folder));
  }

  /** Makes the watches that are missing, or that watch a folder which is no longer there. */
  check(): void {
    if (this.#closed) return;
    for (const folder of this.#folders) {
      const stamp = stampOf(folder);
      const known = this.#watched.get(folder);
      if (known && known.stamp === stamp) continue;
      if (known) this.#lose(folder, 'the folder is another one');
      if (stamp === undefined) this.#report(folder, 'no such folder');
      else this.#watch(folder, stamp);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { watcher } of this.#watched.values()) watcher.close();
    this.#watched.clear();
  }

  #watch(folder: string, stamp: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        // an event of the folder's own name is its end, even if another one stands there by now
        if (name === basename(folder)) this.#lose(folder, 'the folder was removed or moved');
        this.#onEvent();
      });
      watcher.on('error', error => this.#lose(folder, systemErrorCode(error)));
      this.#watched.set(folder, { watcher, stamp });
      this.#reported.delete(folder);
    } catch (error) {
      this.#report(folder, systemErrorCode(error));
    }
  }

  #lose(folder: string, detail: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
    this.#report(folder, detail);
  }

  /** Once until the watch stands again, however often it is tried. */
  #report(folder: string, detail: string): void {
    if (this.#closed || this.#reported.has(folder)) return;
    this.#reported.add(folder);
    this.#onLost(folder, detail);
  }
}

function stampOf(folder: string): string | undefined {
  const found = statSync(folder, { bigint: true, throwIfNoEntry: false });
  return found?.isDirectory() ? `${found.dev} ${found.ino} ${found.birthtimeNs}` : undefined;
}
