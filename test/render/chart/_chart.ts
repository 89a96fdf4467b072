import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Fleet, loadFleet } from '../../../lib/fleet/index.js';
import type { KubernetesObject as ReadObject } from '../../../lib/objects/index.js';
import { FleetChart, type Release } from '../../../lib/render/chart/index.js';
import type { Helm } from '../../_helm.js';

export const ROOT = join(__dirname, '..', '..', '..');

export const EXAMPLES = ['argo-cd', 'emojivoto', 'istio-bookinfo', 'online-boutique', 'opentelemetry-demo'] as const;

export const RELEASE: Release = { name: 'release-1', namespace: 'somewhere' };

export const sentinel = (): Fleet => loadFleet(join(ROOT, 'fleet.yaml'));
export const example = (name: string): Fleet => loadFleet(join(ROOT, 'examples', name, 'fleet.yaml'));

export const chartOf = (fleet: Fleet, name = 'sentinel-core'): FleetChart =>
  new FleetChart(fleet, { name, version: '1.2.3', appVersion: '4.5.6' });

/** What every object of the chart has besides. */
export interface KubernetesObject extends ReadObject {
  readonly metadata: ReadObject['metadata'] & {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** Writes a chart's files into a new folder, changed by `edit`. */
export function chartFolder(chart: FleetChart, edit: (path: string, text: string) => string = (_, text) => text): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'sentinel-mtls-chart-')), chart.identity.name);
  for (const [path, text] of chart.files()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), edit(path, text));
  }
  return folder;
}

const VALUES = mkdtempSync(join(tmpdir(), 'sentinel-mtls-values-'));
let counter = 0;

/** What `helm template` prints; rejects with what it says on stderr. */
export function template(
  helm: Helm,
  folder: string,
  values: unknown = {},
  { name, namespace }: Release = RELEASE,
  ...further: readonly string[]
): Promise<string> {
  const file = join(VALUES, `${counter++}.json`);
  writeFileSync(file, JSON.stringify(values));
  return run(helm, ['template', name, folder, '-n', namespace, '-f', file, ...further]);
}

export function run(helm: Helm, args: readonly string[], cwd = ROOT): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(helm.path, args, { cwd, maxBuffer: 1 << 28, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || stdout.trim() || error.message));
      else resolve(stdout);
    });
  });
}

/** The objects of a rendered text. */
export function objectsIn(text: string): KubernetesObject[] {
  // 1.2: under 1.1 a lone "." would be no number
  return parseAllDocuments(text, { version: '1.2' }).flatMap(document => {
    const [error] = document.errors;
    if (error) throw error;
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : [object];
  });
}

export const keyOf = ({ apiVersion, kind, metadata }: KubernetesObject): string =>
  `${apiVersion} ${kind} ${metadata.namespace ?? ''} ${metadata.name}`;

/** Objects by what identifies them; an object that is rendered twice is an error. */
export function byKey(objects: readonly unknown[]): Map<string, KubernetesObject> {
  const found = new Map<string, KubernetesObject>();
  for (const object of objects as readonly KubernetesObject[]) {
    const key = keyOf(object);
    if (found.has(key)) throw new Error(`${key} is rendered twice`);
    found.set(key, object);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A number that Helm wrote as `1e+06` is the same number for JavaScript, and none for the API server. */
export const hasFloatNotation = (text: string): boolean => /^[^"'|]*:\s+-?\d+(?:\.\d+)?e[+-]?\d+\s*$/m.test(text);
