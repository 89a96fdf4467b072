import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Leaf, TestAuthority } from './_pki.js';
import { idOf } from './_pki.js';

export type Files = Readonly<Record<string, string | Buffer>>;

/** A folder that changes as the kubelet changes a projected volume: `..data` is renamed over. */
export class ProjectedFolder {
  readonly path: string;
  #count = 0;

  constructor(path = join(mkdtempSync(join(tmpdir(), 'sentinel-node-')), 'certs')) {
    this.path = path;
    mkdirSync(path, { recursive: true });
  }

  /** Replaces all files at once. */
  project(files: Files): void {
    mkdirSync(this.path, { recursive: true });
    const generation = `..2026_${++this.#count}`;
    mkdirSync(join(this.path, generation));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.path, generation, name), content);
    symlinkSync(generation, join(this.path, '..data_tmp'));
    renameSync(join(this.path, '..data_tmp'), join(this.path, '..data'));
    const names = readdirSync(this.path);
    for (const name of Object.keys(files)) if (!names.includes(name)) symlinkSync(join('..data', name), join(this.path, name));
    for (const name of names) {
      if (name.startsWith('..2026_') && name !== generation) rmSync(join(this.path, name), { recursive: true });
      if (!name.startsWith('..') && !Object.hasOwn(files, name)) rmSync(join(this.path, name));
    }
  }

  /** Writes one file of the standing projection in place, as nothing in Kubernetes does. */
  write(name: string, content: string | Buffer): void {
    writeFileSync(join(this.path, '..data', name), content);
  }

  paths(): { readonly certPath: string; readonly keyPath: string; readonly caPath: string; readonly policyPath: string } {
    const at = (name: string): string => join(this.path, name);
    return { certPath: at('tls.crt'), keyPath: at('tls.key'), caPath: at('ca.crt'), policyPath: at('policy.json') };
  }

  remove(): void {
    rmSync(join(this.path, '..'), { recursive: true, force: true });
  }
}

export interface PolicyProps {
  readonly service: string;
  readonly mode?: string;
  /** Callers of port 8443. */
  readonly allow?: readonly string[];
  /** Services that may be called at port 8443. */
  readonly calls?: readonly string[];
  readonly plainPort?: number;
}

/** The port of every policy of the tests; servers listen on port 0. */
export const PORT = 8443;

export function policyOf({ service, mode = 'strict', allow = [], calls = [], plainPort }: PolicyProps): string {
  const host = (name: string): string => `${name}.prod.svc.cluster.local`;
  return JSON.stringify({
    version: 1,
    fleet: 'test',
    environment: 'prod',
    service,
    spiffeId: idOf(service),
    mode,
    server: [
      {
        name: 'https',
        port: PORT,
        mode,
        ...(plainPort !== undefined && { plainPort }),
        allow: allow.map(caller => ({ spiffeId: idOf(caller), mode: 'strict' })),
      },
    ],
    client: calls.map(callee => ({
      service: callee,
      name: 'https',
      port: PORT,
      host: host(callee),
      spiffeId: idOf(callee),
      mode: 'strict',
    })),
  });
}

export const filesOf = (leaf: Leaf, roots: readonly TestAuthority[], policy: string): Files => ({
  'tls.crt': leaf.cert,
  'tls.key': leaf.key,
  'ca.crt': roots.map(({ pem }) => pem).join(''),
  'policy.json': policy,
});
