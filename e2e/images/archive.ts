import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../node/processes.js';

export interface Image {
  /** What manifests call it, with tags. */
  readonly references: readonly [string, ...string[]];
  readonly entrypoint: readonly string[];
  /** `uid:gid`; a number, or kubelet can't tell that it is not root. @default 65532:65532 */
  readonly user?: string;
  /** Puts the image's files into an empty folder. */
  readonly fill: (root: string) => void;
  /** Changes when the files change. */
  readonly key: string;
}

/**
 * Writes an image as a docker-archive without an engine or a registry: one layer, owners and times fixed, so the same
 * files give the same digest. Returns its path in `folder`; does nothing when it is there.
 */
export function archiveOf(image: Image, folder: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([image.references, image.entrypoint, image.user, image.key]))
    .digest('hex');
  const file = join(folder, `${image.references[0].replace(/[^A-Za-z0-9.-]/g, '_')}-${hash.slice(0, 12)}.tar`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, '.partial-'));
  try {
    const root = join(work, 'root');
    mkdirSync(root);
    image.fill(root);
    const archive = join(work, 'archive');
    writeArchive(image, root, archive);
    const whole = join(work, 'whole.tar');
    run(['tar', ...REPRODUCIBLE, '-C', archive, '-cf', whole, '.'], { timeoutMs: 120_000 });
    renameSync(whole, file);
    return file;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const REPRODUCIBLE = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--format=gnu'];

/** The files of a docker-archive: manifest.json, the image's configuration and its layer. */
function writeArchive({ references, entrypoint, user }: Image, root: string, archive: string): void {
  mkdirSync(archive);
  const layer = join(archive, 'layer.tar');
  run(['tar', ...REPRODUCIBLE, '-C', root, '-cf', layer, '.'], { timeoutMs: 120_000 });
  const configuration = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Entrypoint: entrypoint, User: user ?? '65532:65532', WorkingDir: '/', Env: ['PATH=/usr/bin:/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(readFileSync(layer))}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'sentinel-mtls e2e' }],
  });
  const name = `${sha256(configuration)}.json`;
  writeFileSync(join(archive, name), configuration);
  writeFileSync(join(archive, 'manifest.json'), JSON.stringify([{ Config: name, RepoTags: references, Layers: ['layer.tar'] }]));
}

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** Makes the folders above a file of an image; returns the file's path. */
export function placeIn(root: string, path: string): string {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  return target;
}

/** Of the names and contents of all files of a folder with one ending. */
export function hashOf(folder: string, ending: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith(ending))
    .sort()) {
    hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}
