import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { isRecord, type KubernetesObject, ObjectSet, parseObject } from '../../objects/index.js';
import { textAt } from '../_values.js';
import { ClusterError } from '../cluster-error.js';
import type { Api } from '../read/index.js';
import type { Resource } from './resources.js';
import { readCluster, type Snapshot, type SnapshotHeader, type SnapshotOptions } from './snapshot.js';

const HEADER = 'snapshot.json';
const ENDING = '.jsonl';

/**
 * Writes a snapshot into a new or empty folder (0700), a file for each resource (0600), an object a line, as it comes from the
 * API server: no more than a page is in memory. Values of Secrets are not in it, but for certificates.
 *
 * @throws ClusterError when the folder holds something
 */
export async function dumpCluster(
  api: Api,
  resources: readonly Resource[],
  folder: string,
  options: SnapshotOptions = {},
): Promise<SnapshotHeader> {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new ClusterError('CLUSTER_DUMP', `the folder ${folder} is not empty`, 'name a new folder with --dump');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = new Map<string, number>();
  try {
    const header = await readCluster(api, resources, options, (resource, objects, restarted) => {
      const path = join(folder, fileName(resource.name));
      const open = files.get(resource.name);
      if (restarted && open !== undefined) closeSync(open);
      const file = open === undefined ? openSync(path, 'wx', 0o600) : restarted ? openSync(path, 'w') : open;
      files.set(resource.name, file);
      for (const object of objects) writeSync(file, `${JSON.stringify(object)}\n`);
    });
    // last, so that a folder without it is not whole
    writeFileSync(join(folder, HEADER), `${JSON.stringify(header, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return header;
  } finally {
    for (const file of files.values()) closeSync(file);
  }
}

const fileName = (resource: string): string => `${resource.replaceAll('/', '_')}${ENDING}`;

/** @throws ClusterError when it is no whole dump */
export function readDump(folder: string): Snapshot {
  const header = readHeader(folder);
  const objects: KubernetesObject[] = [];
  for (const resource of header.resources) {
    const file = join(folder, fileName(resource));
    if (existsSync(file)) readLines(file, (line, number) => objects.push(parseLine(line, file, number)));
  }
  return { header, objects: ObjectSet.from(objects, folder) };
}

function readHeader(folder: string): SnapshotHeader {
  const file = join(folder, HEADER);
  if (!existsSync(file))
    throw new ClusterError('CLUSTER_DUMP', `${folder} is no dump: it has no ${HEADER}`, 'make one with sentinel-mtls doctor --dump FOLDER');
  let header: unknown;
  try {
    header = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new ClusterError('CLUSTER_DUMP', `${file} is no JSON`, 'make the dump anew');
  }
  const isWhole =
    isRecord(header) &&
    Array.isArray(header.resources) &&
    Array.isArray(header.gaps) &&
    !Number.isNaN(Date.parse(textAt(header, 'takenAt')));
  if (!isWhole || (header as { schemaVersion?: unknown }).schemaVersion !== 1)
    throw new ClusterError('CLUSTER_DUMP', `${file} is not of version 1`, 'make the dump anew with this version of sentinel-mtls');
  return header as unknown as SnapshotHeader;
}

function parseLine(line: string, file: string, number: number): KubernetesObject {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (typeof parseObject(value) === 'string')
    throw new ClusterError('CLUSTER_DUMP', `${file}:${number} is no Kubernetes object`, 'make the dump anew');
  return value as KubernetesObject;
}

/** 1 MiB at a time: files of large clusters are larger than a string may be. */
const CHUNK = 1024 * 1024;

function readLines(path: string, take: (line: string, number: number) => void): void {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    const decoder = new StringDecoder('utf8');
    let rest = '';
    let number = 0;
    for (;;) {
      const bytes = readSync(file, buffer, 0, CHUNK, null);
      const lines = (rest + (bytes === 0 ? decoder.end() : decoder.write(buffer.subarray(0, bytes)))).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        number++;
        if (line !== '') take(line, number);
      }
      if (bytes === 0) break;
    }
    if (rest !== '') take(rest, number + 1);
  } finally {
    closeSync(file);
  }
}
