/**
 * Builds tools from Go modules into a cache outside of the tree, once for each version:
 *
 *     node e2e/tools/build.mjs helm3 helm4            prints the path of each program, one a line
 *     node e2e/tools/build.mjs --find helm3 helm4     the same, of what is there: builds nothing
 *
 * The folder is ${SENTINEL_CACHE:-~/.cache/sentinel-mtls}/tools/<name>-<version>-<hash>, where the hash is of the module's own files,
 * so that a changed pin or a changed line of ours builds anew. Exit code 2: bad usage or no Go; 1: a build failed, or nothing was found.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOOLS } from './table.mjs';

const NICE = 4;
const here = fileURLToPath(new URL('.', import.meta.url));
const cache = join(process.env.SENTINEL_CACHE || join(homedir(), '.cache', 'sentinel-mtls'), 'tools');

/** Paths of the programs of one tool, building them when they are not there; throws when they can't be had. */
export function programsOf(name, { find = false } = {}) {
  const tool = TOOLS[name];
  if (tool === undefined) throw new Error(`unknown tool "${name}", known are: ${Object.keys(TOOLS).join(', ')}`);
  const found = onPath(tool.onPath);
  if (found !== undefined) return [found];
  checkPin(name, tool);
  const folder = join(cache, `${name}-${tool.version}-${hashOfModule(name)}`);
  if (!existsSync(folder) && find) throw new Error(`not built yet: run node e2e/tools/build.mjs ${name}`);
  if (!existsSync(folder)) build(name, tool, folder);
  return Object.keys(tool.programs).map(program => join(folder, program));
}

function onPath(wanted) {
  if (wanted === undefined) return undefined;
  for (const directory of (process.env.PATH ?? '').split(':').filter(Boolean)) {
    const path = join(directory, wanted.program);
    if (!existsSync(path)) continue;
    const { stdout, status } = spawnSync(path, wanted.arguments, { encoding: 'utf8', timeout: 10_000 });
    if (status === 0 && wanted.accepts.test(stdout)) return path;
  }
  return undefined;
}

/** Throws when the module of a tool pins another version than the table says. */
export function checkPin(name, { module, version }) {
  if (module === undefined) return;
  const text = readFileSync(join(here, name, 'go.mod'), 'utf8');
  const pinned = text.match(new RegExp(`^(?:require )?\\s*${module.replaceAll('.', '\\.')} (v\\S+)`, 'm'))?.[1];
  if (pinned !== version) throw new Error(`${name}: go.mod pins ${module} at ${pinned ?? 'no version'}, table.mjs says ${version}`);
}

function hashOfModule(name) {
  const hash = createHash('sha256').update(JSON.stringify(TOOLS[name]));
  const files = readdirSync(join(here, name), { recursive: true, encoding: 'utf8' }).filter(file => /\.(go|mod|sum)$/.test(file));
  for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(join(here, name, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Builds into a folder of its own and renames it, so that what has the right name is whole. */
function build(name, { version, programs, ldflags = '', cgo = false }, folder) {
  const partial = `${folder}.partial-${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    const start = Date.now();
    process.stderr.write(`building ${name} ${version}\n`);
    for (const [program, source] of Object.entries(programs)) {
      const flags = ['build', '-p=2', '-mod=readonly', '-trimpath', '-buildvcs=false', `-ldflags=-s -w ${ldflags}`];
      execFileSync('go', [...flags, '-o', join(partial, program), source], {
        cwd: join(here, name),
        env: { ...process.env, CGO_ENABLED: cgo ? '1' : '0', GOWORK: 'off', GOFLAGS: '' },
        stdio: ['ignore', 2, 2],
      });
    }
    process.stderr.write(`built ${name} ${version} in ${Math.round((Date.now() - start) / 1000)} s\n`);
    // another run may have been faster: both built the same
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function main(args) {
  const find = args[0] === '--find';
  const names = find ? args.slice(1) : args;
  if (names.length === 0 || names.some(name => !(name in TOOLS))) {
    process.stderr.write(`usage: node e2e/tools/build.mjs [--find] NAME…\n  names: ${Object.keys(TOOLS).join(', ')}\n`);
    return 2;
  }
  // compilers take all that they can get: let people's own programs go first
  setPriority(NICE);
  for (const name of names) {
    try {
      for (const path of programsOf(name, { find })) process.stdout.write(`${path}\n`);
    } catch (error) {
      const missing = error.code === 'ENOENT';
      process.stderr.write(missing ? 'go is missing: install Go 1.26 or later and put it into PATH\n' : `${name}: ${error.message}\n`);
      return missing ? 2 : 1;
    }
  }
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));
