// Two authorities and leaves of both, made anew for each run; a folder as the kubelet lays it out.
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueAll } from '../../conformance/issue.mjs';

const ID = service => `spiffe://bench.test/ns/prod/sa/${service}`;
export const HOST = 'api.prod.svc.cluster.local';

const leaf = (service, issuer) => ({ issuer, uris: [ID(service)], dns: [HOST], ips: ['127.0.0.1'] });

export async function certificates() {
  const authority = {
    key: 'P-256',
    subject: 'CN=<name>',
    issuer: null,
    isCa: true,
    keyUsage: ['keyCertSign', 'cRLSign'],
    notBefore: -3600,
    notAfter: 864000,
  };
  const common = {
    key: 'P-256',
    subject: 'CN=<name>',
    keyUsage: ['digitalSignature'],
    eku: ['serverAuth', 'clientAuth'],
    isCa: false,
    notBefore: -3600,
    notAfter: 86400,
  };
  const names = ['A', 'B'].flatMap(root =>
    [0, 1, 2, 3].flatMap(index => [
      [`api-${root}-${index}`, leaf('api', root)],
      [`web-${root}-${index}`, leaf('web', root)],
    ]),
  );
  return issueAll({ defaults: { authority, leaf: common }, authorities: { A: {}, B: {} }, leaves: Object.fromEntries(names) });
}

const entry = { fleet: 'bench', environment: 'prod', version: 1, mode: 'strict' };
export const POLICIES = {
  api: JSON.stringify({
    ...entry,
    service: 'api',
    spiffeId: ID('api'),
    server: [
      {
        name: 'https',
        port: 8443,
        mode: 'strict',
        allow: Array.from({ length: 20 }, (_, index) => ({ spiffeId: ID(`other-${index}`), mode: 'strict' })).concat({
          spiffeId: ID('web'),
          mode: 'strict',
        }),
      },
    ],
    client: [],
  }),
  web: JSON.stringify({
    ...entry,
    service: 'web',
    spiffeId: ID('web'),
    server: [],
    client: [{ service: 'api', name: 'https', port: 8443, host: HOST, spiffeId: ID('api'), mode: 'strict' }],
  }),
};

export class Folder {
  #count = 0;
  constructor(path, made) {
    Object.assign(this, { path, made });
    mkdirSync(path, { recursive: true });
  }

  project(name, roots) {
    const service = name.split('-')[0];
    const { chain, key } = this.made.get(name);
    const files = {
      'tls.crt': chain,
      'tls.key': key,
      'ca.crt': roots.map(root => this.made.get(root).certificate).join(''),
      'policy.json': POLICIES[service],
    };
    const next = `..${++this.#count}`;
    mkdirSync(join(this.path, next));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(this.path, next, file), content);
    symlinkSync(next, join(this.path, '..data_tmp'));
    renameSync(join(this.path, '..data_tmp'), join(this.path, '..data'));
    for (const old of readdirSync(this.path)) if (/^\.\.\d+$/.test(old) && old !== next) rmSync(join(this.path, old), { recursive: true });
    if (this.#count === 1) for (const file of Object.keys(files)) symlinkSync(join('..data', file), join(this.path, file));
  }
}
