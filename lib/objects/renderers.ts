import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { KUSTOMIZATION_FILES } from './kustomization.js';
import { ObjectsError } from './object.js';
import type { SourceFile } from './source-document.js';
import { displayPath } from './text-file.js';

/** A renderer that neither ends nor prints an end: a chart can loop over a million. */
const TIMEOUT_MS = 120_000;
const MAX_OUTPUT = 256 * 1024 * 1024;

/** What a Kustomization may name to have it fetched: a URL, or a host and path as git takes them. */
const REMOTE = /^\s*(?:-\s+|\w+:\s+)?["']?(?:[a-z]+:\/\/|git@|git::|(?:github|gitlab|bitbucket)\.(?:com|org)[/:])|\?ref=/im;

/** Renders a chart with `helm template`; files are named after the templates that they came from. */
export function renderChart(folder: string, values: readonly string[] = []): SourceFile[] {
  const text = run(
    // biome-ignore lint/complexity/useLiteralKeys: index signature
    process.env['SENTINEL_HELM'] ?? 'helm',
    ['template', 'release', argumentOf(folder), ...values.flatMap(file => ['--values', argumentOf(file)])],
    folder,
    'helm',
    'install Helm or name it with SENTINEL_HELM, or pipe the output of "helm template" to "-"',
  );
  return splitByTemplate(text, displayPath(folder));
}

/** Renders a folder with `kubectl kustomize`. A Kustomization that would fetch from elsewhere is refused. */
export function renderKustomization(folder: string): SourceFile {
  const remote = remoteReference(folder, 0);
  if (remote !== undefined)
    throw new ObjectsError(
      { file: displayPath(remote), line: 1 },
      'names something to be fetched from elsewhere: render it yourself and pipe it to "-"',
    );
  const text = run(
    // biome-ignore lint/complexity/useLiteralKeys: index signature
    process.env['SENTINEL_KUBECTL'] ?? 'kubectl',
    ['kustomize', argumentOf(folder)],
    folder,
    'kubectl',
    'install kubectl or name it with SENTINEL_KUBECTL, or pipe the output of "kubectl kustomize" to "-"',
  );
  return { name: `${displayPath(folder)} (kustomize)`, text };
}

/** Absolute, so that a folder whose name starts with a dash is no option: one of Helm's runs a program. */
const argumentOf = (path: string): string => resolve(path);

export const isChart = (folder: string): boolean => existsSync(join(folder, 'Chart.yaml'));

export const isKustomizationFolder = (folder: string): boolean => KUSTOMIZATION_FILES.some(name => existsSync(join(folder, name)));

function run(program: string, args: readonly string[], folder: string, tool: string, next: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT });
  const at = { file: displayPath(folder), line: 1 };
  if (error && 'code' in error && error.code === 'ENOENT') throw new ObjectsError(at, `needs ${tool}, which is not there: ${next}`);
  if (error) throw new ObjectsError(at, `could not be rendered: ${tool} ${'code' in error ? String(error.code) : 'failed'}`);
  if (status !== 0) throw new ObjectsError(at, `could not be rendered by ${tool}: ${firstLine(stderr)}`);
  return stdout;
}

const firstLine = (text: string): string =>
  text
    .split('\n')
    .map(line => line.trim())
    .find(line => line !== '')
    ?.slice(0, 300) ?? 'it gave no reason';

/** Helm writes `# Source: chart/templates/x.yaml` before what came from a template. */
function splitByTemplate(text: string, folder: string): SourceFile[] {
  const byTemplate = new Map<string, string[]>();
  for (const part of text.split(/^---[ \t]*$/m)) {
    const template = /^# Source: [^/\n]+\/(.+)$/m.exec(part)?.[1] ?? 'rendered';
    byTemplate.set(template, [...(byTemplate.get(template) ?? []), part.replace(/^\n/, '')]);
  }
  return [...byTemplate].map(([template, parts]) => ({ name: `${folder}/${template} (rendered)`, text: parts.join('---\n') }));
}

function remoteReference(folder: string, depth: number): string | undefined {
  // a tree of bases deeper than this is a loop of links
  if (depth > 32) return folder;
  for (const name of KUSTOMIZATION_FILES) {
    const file = join(folder, name);
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    if (REMOTE.test(text.replace(/#.*$/gm, ''))) return file;
    for (const [, path] of text.matchAll(/^\s*-\s+["']?(\.{0,2}[\w./-]+)["']?\s*$/gm)) {
      const base = join(folder, path ?? '');
      if (statSync(base, { throwIfNoEntry: false })?.isDirectory() !== true || base === folder) continue;
      if (!readdirSync(base).some(entry => KUSTOMIZATION_FILES.includes(entry))) continue;
      const found = remoteReference(base, depth + 1);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
