// Sequences of changes to the folder, with one look at it after each.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSource, MtlsError } from '../../libs/sentinel-node/dist/index.js';

export async function* fileSwaps({ sequences }, certificates) {
  const names = namesByDigest(certificates);
  for (const sequence of sequences) {
    const base = mkdtempSync(join(tmpdir(), 'sentinel-swaps-'));
    const folder = new Folder(join(base, 'certs'), sequence.projected ?? true, certificates);
    const run = new Run(folder, sequence, names);
    try {
      for (const [at, { do: operations, expect }] of sequence.steps.entries()) {
        for (const operation of operations) folder.apply(operation);
        yield { name: `${sequence.name} #${at}`, expect, result: await run.look(expect) };
      }
    } finally {
      run.close();
      rmSync(base, { recursive: true, force: true });
    }
  }
}

function namesByDigest(certificates) {
  const files = readdirSync(certificates).filter(file => file.endsWith('.crt') && !file.endsWith('.chain.crt'));
  return new Map(files.map(file => [new X509Certificate(readFileSync(join(certificates, file))).fingerprint256, file.slice(0, -4)]));
}

/** One source over the steps of a sequence. */
class Run {
  constructor(folder, sequence, names) {
    this.folder = folder;
    this.sequence = sequence;
    this.names = names;
    this.reloads = new Map();
  }

  async look(expect) {
    try {
      if (this.source) await this.source.refresh();
      else this.source = await this.open();
    } catch (error) {
      if (!(error instanceof MtlsError)) throw error;
      return { error: error.code };
    }
    const { number, identity } = this.source.current();
    const nameOf = ({ x509 }) => this.names.get(x509.fingerprint256) ?? '?';
    const { ready, reason } = this.source.readiness();
    return {
      generation: number,
      leaf: nameOf(identity.leaf),
      roots: identity.roots.map(nameOf).sort(),
      reloads: this.newReloads(),
      ...(expect.chain && { chain: identity.chain.map(nameOf) }),
      ...(expect.ready !== undefined && { ready, ...(!ready && { reason }) }),
    };
  }

  open() {
    const at = file => join(this.folder.path, file);
    return FileSource.open({
      certPath: at('tls.crt'),
      keyPath: at(this.sequence.combined ? 'tls.crt' : 'tls.key'),
      caPath: at('ca.crt'),
      policyPath: (this.sequence.policy ?? true) ? at('policy.json') : undefined,
      timings: { firstGenerationDeadlineMs: 0 },
      watch: false,
    });
  }

  /** What the metric counts more than at the last look. */
  newReloads() {
    const rows = [];
    for (const line of this.source.metricsText().split('\n')) {
      const match = /^sentinel_mtls_reloads_total\{part="(.*)",result="(.*)",reason="(.*)"\} (\d+)$/.exec(line);
      if (!match) continue;
      const [, part, result, reason, count] = match;
      const key = `${part} ${result} ${reason}`;
      for (let each = this.reloads.get(key) ?? 0; each < Number(count); each++) rows.push([part, result, reason]);
      this.reloads.set(key, Number(count));
    }
    return rows.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  close() {
    this.source?.close();
  }
}

/** The folder, laid out as the kubelet does it or as plain files. */
class Folder {
  constructor(path, projected, certificates) {
    Object.assign(this, { path, projected, certificates, count: 0 });
    mkdirSync(path);
  }

  apply(operation) {
    const { op, file } = operation;
    const at = file && join(this.path, this.projected ? join('..data', file) : file);
    switch (op) {
      case 'project':
        return this.project(operation.files);
      case 'write':
        return writeFileSync(at, this.content(operation.parts));
      case 'remove':
        return rmSync(at);
      case 'folder':
        return mkdirSync(at);
      case 'link':
        return symlinkSync(operation.to, at);
      case 'mtime':
        return utimesSync(at, operation.seconds, operation.seconds);
      case 'remove-folder':
        return rmSync(this.path, { recursive: true });
      default:
        throw new Error(`unknown operation ${op}`);
    }
  }

  project(files) {
    mkdirSync(this.path, { recursive: true });
    const entries = Object.entries(files).map(([file, parts]) => [file, this.content(parts)]);
    if (!this.projected) {
      for (const file of readdirSync(this.path)) rmSync(join(this.path, file), { recursive: true });
      for (const [file, content] of entries) writeFileSync(join(this.path, file), content);
      return;
    }
    const generation = `..${++this.count}`;
    mkdirSync(join(this.path, generation));
    for (const [file, content] of entries) writeFileSync(join(this.path, generation, file), content);
    symlinkSync(generation, join(this.path, '..data_tmp'));
    renameSync(join(this.path, '..data_tmp'), join(this.path, '..data'));
    for (const name of readdirSync(this.path)) {
      if (!/^\.\./.test(name) && !Object.hasOwn(files, name)) rmSync(join(this.path, name));
      if (/^\.\.\d+$/.test(name) && name !== generation) rmSync(join(this.path, name), { recursive: true });
    }
    for (const file of Object.keys(files)) {
      if (!readdirSync(this.path).includes(file)) symlinkSync(join('..data', file), join(this.path, file));
    }
  }

  content(parts) {
    return Buffer.concat(parts.map(part => this.part(part)));
  }

  part(part) {
    const read = name => readFileSync(join(this.certificates, name));
    if (typeof part === 'string') {
      const [, kind, value] = /^([a-z-]+):([\s\S]*)$/.exec(part);
      switch (kind) {
        case 'text':
          return Buffer.from(value);
        case 'cert':
          return read(`${value}.crt`);
        case 'chain':
          return read(`${value}.chain.crt`);
        case 'key':
          return read(`${value}.key`);
        case 'der':
          return new X509Certificate(read(`${value}.crt`)).raw;
        case 'encrypted-key': {
          const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' };
          return Buffer.from(createPrivateKey(read(`${value}.key`)).export(options));
        }
        default:
          throw new Error(`unknown part ${kind}`);
      }
    }
    const [[kind, value]] = Object.entries(part);
    switch (kind) {
      case 'json':
        return Buffer.from(JSON.stringify(value));
      case 'half': {
        const whole = this.part(value);
        return whole.subarray(0, Math.floor(whole.length / 2));
      }
      case 'crlf':
        return Buffer.from(this.part(value).toString('latin1').replace(/\n/g, '\r\n'), 'latin1');
      case 'bom':
        return Buffer.concat([Buffer.from('\ufeff'), this.part(value)]);
      case 'trim':
        return Buffer.from(this.part(value).toString('latin1').trimEnd(), 'latin1');
      case 'relabel': {
        const [inner, from, to] = value;
        return Buffer.from(this.part(inner).toString('latin1').replaceAll(from, to), 'latin1');
      }
      case 'repeat':
        return Buffer.concat(Array.from({ length: value[1] }, () => this.part(value[0])));
      default:
        throw new Error(`unknown part ${kind}`);
    }
  }
}
