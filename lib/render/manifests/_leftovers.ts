import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { statOf } from './_folder.js';

/** How the folders begin in which an output is put together. */
export const ASIDE_PREFIX = '.sentinel-mtls-';

/** File of such a folder that says which process works in it. */
const OWNER_FILE = 'owner.json';

/** A process as nobody else is called: a number alone is given out again. */
interface Owner {
  readonly pid: number;
  /** Ticks since boot (proc(5), field 22 of stat). */
  readonly started: string;
  /** Boot of the machine and namespace of the number: containers count from 1, and a folder may be shared. */
  readonly place: string;
}

/** Says that this process works in the folder. Where the system has no /proc nothing is said, and nobody removes it. */
export function claim(aside: string): void {
  const [started, place] = [startOf(process.pid), placeHere()];
  if (started === undefined || place === undefined) return;
  const owner: Owner = { pid: process.pid, started, place };
  writeFileSync(join(aside, OWNER_FILE), JSON.stringify(owner));
}

/** From now on a person has to look at the folder. */
export function disclaim(aside: string): void {
  rmSync(join(aside, OWNER_FILE), { force: true });
}

/**
 * Removes what killed processes left in the output folder. A folder stays where its process lives or may live
 * elsewhere, where nothing says whose it is, and where it holds the only copy of an environment.
 */
export function removeLeftovers(outdir: string): void {
  for (const name of readdirSync(outdir)) {
    const folder = join(outdir, name);
    if (!name.startsWith(ASIDE_PREFIX) || statOf(folder)?.isDirectory() !== true) continue;
    try {
      if (isAbandoned(folder) && !holdsOnlyCopy(outdir, folder)) rmSync(folder, { recursive: true, force: true });
    } catch {
      // the output stands: a folder that can't be removed, or that somebody else removes now, is no reason to fail
    }
  }
}

function isAbandoned(folder: string): boolean {
  const owner = readOwner(join(folder, OWNER_FILE));
  return owner !== undefined && owner.place === placeHere() && !lives(owner);
}

function lives({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: a living process of another user
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const found = startOf(pid);
  return found === undefined || found === started;
}

/** A process that was killed between the two renamings has moved an environment away and not put the new one in its place. */
function holdsOnlyCopy(outdir: string, folder: string): boolean {
  const old = join(folder, 'old');
  return statOf(old)?.isDirectory() === true && readdirSync(old).some(name => statOf(join(outdir, name)) === undefined);
}

function readOwner(path: string): Owner | undefined {
  if (statOf(path)?.isFile() !== true) return undefined;
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner> | null;
    const { pid, started, place } = found ?? {};
    return Number.isInteger(pid) && Number(pid) > 0 && typeof started === 'string' && typeof place === 'string'
      ? (found as Owner)
      : undefined;
  } catch {
    // half a file: its process was killed while it wrote, or is about to write on
    return undefined;
  }
}

function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  // the name of the program stands in brackets and may hold anything
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function placeHere(): string | undefined {
  const boot = textOf('/proc/sys/kernel/random/boot_id')?.trim();
  try {
    return boot === undefined ? undefined : `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
