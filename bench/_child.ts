import { X509Certificate } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'cdk8s';
import type { Fleet } from '../lib/fleet/types.js';
import type { Manifests } from '../lib/objects/index.js';

/** What a child process prints as one line of JSON. */
export interface Measurement {
  /** Reading the input: the fleet file, or the objects. */
  readonly loadMs: number;
  /** From the fleet to constructs; 0 where there are none. */
  readonly buildMs: number;
  /** From constructs, or objects, to files. */
  readonly writeMs: number;
  /** Time on processors, of all threads, for everything above. */
  readonly cpuMs: number;
  /** Peak resident memory of the process. */
  readonly peakMb: number;
}

type Phase<In, Out> = (input: In) => Out;

/** A variant reads, builds and writes; each phase is timed by itself. */
interface Variant<Loaded, Built> {
  readonly load: Phase<string, Loaded>;
  readonly build: Phase<Loaded, Built>;
  readonly write: (built: Built, outdir: string) => void;
}

function run<Loaded, Built>(variant: Variant<Loaded, Built>, input: string, outdir: string): Measurement {
  const started = performance.now();
  const loaded = variant.load(input);
  const afterLoad = performance.now();
  const built = variant.build(loaded);
  const afterBuild = performance.now();
  variant.write(built, outdir);
  const ended = performance.now();
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return {
    loadMs: afterLoad - started,
    buildMs: afterBuild - afterLoad,
    writeMs: ended - afterBuild,
    // microseconds, and KiB below
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    peakMb: maxRSS / 1024,
  };
}

// required when used: a variant pays for no module of another one
const lazily = {
  cdk8s: () => require('cdk8s') as typeof import('cdk8s'),
  fleet: () => require('../lib/fleet/index.js') as typeof import('../lib/fleet/index.js'),
  constructs: () => require('../lib/constructs/index.js') as typeof import('../lib/constructs/index.js'),
  chunks: () => require('../lib/render/manifests/chunks.js') as typeof import('../lib/render/manifests/chunks.js'),
  objects: () => require('../lib/objects/index.js') as typeof import('../lib/objects/index.js'),
  lint: () => require('../lib/check/lint/index.js') as typeof import('../lib/check/lint/index.js'),
  manifests: () => require('../lib/render/manifests/index.js') as typeof import('../lib/render/manifests/index.js'),
};

function addFleet(app: App, fleet: Fleet): App {
  lazily.constructs().addEnvironment(app, lazily.fleet().resolve(fleet, 'prod'));
  return app;
}

/** What the command `synth` does; constructs are made and written plane by plane, so there is no phase of its own for them. */
const ours: Variant<Fleet, Fleet> = {
  load: input => lazily.fleet().loadFleet(input),
  build: fleet => fleet,
  write: (fleet, outdir) => {
    const { renderFleet, writeOutput } = lazily.manifests();
    writeOutput(outdir, renderFleet(fleet, ['prod']));
  },
};

const stock: Variant<Fleet, App> = {
  load: input => lazily.fleet().loadFleet(input),
  build: fleet => {
    const { App } = lazily.cdk8s();
    return addFleet(new App(), fleet);
  },
  write: (app, outdir) => {
    Object.defineProperty(app, 'outdir', { value: outdir });
    app.synth();
  },
};

/** The same objects as one JSON text a line: what no writer of text can be expected to beat. */
const json: Variant<unknown[], unknown[]> = {
  load: input =>
    readFileSync(input, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as unknown),
  build: objects => objects,
  write: (objects, outdir) => {
    mkdirSync(outdir, { recursive: true });
    writeLines(join(outdir, 'objects.jsonl'), objects);
  },
};

/** Our writer on the objects of `json`. */
const yaml: Variant<unknown[], unknown[]> = {
  ...json,
  write: (objects, outdir) => {
    const { chunksOf, writeOutput } = { ...lazily.chunks(), ...lazily.manifests() };
    const chunks = chunksOf(objects, (writer, object) => {
      if (!isObject(object) || !writer.tryObject(object)) throw new Error('the writer leaves an object of the fleet to the library');
    });
    writeOutput(outdir, [{ path: 'objects.yaml', chunks }]);
  },
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Makes the input of `json`. */
const dump: Variant<Fleet, App> = {
  ...stock,
  write: (app, path) => {
    const { ApiObject } = lazily.cdk8s();
    writeLines(
      path,
      app.node.findAll().flatMap(construct => (ApiObject.isApiObject(construct) ? [construct.toJson()] : [])),
    );
  },
};

function writeLines(path: string, objects: readonly unknown[]): void {
  const descriptor = openSync(path, 'w');
  let text = '';
  for (const object of objects) {
    text += `${JSON.stringify(object)}\n`;
    // 256 KB: the same pieces as ours
    if (text.length < 256 * 1024) continue;
    writeSync(descriptor, text);
    text = '';
  }
  writeSync(descriptor, text);
  closeSync(descriptor);
}

/** Files of a folder, for the variants that read rendered YAML. */
const textsOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.ya?ml$/.test(file))
    .map(file => readFileSync(join(folder, file), 'utf8'));

const nothing = (): void => undefined;

/** What our own reader makes of a folder, and nothing more. */
const reading: Variant<unknown, unknown> = {
  load: folder => lazily.objects().readManifests([folder]),
  build: manifests => manifests,
  write: nothing,
};

const jsYaml: Variant<unknown[], unknown[]> = {
  load: folder => textsOf(folder).map(text => (require('js-yaml') as typeof import('js-yaml')).loadAll(text)),
  build: documents => documents,
  write: nothing,
};

const yamlLibrary: Variant<unknown[], unknown[]> = {
  load: folder =>
    textsOf(folder).flatMap(text =>
      (require('yaml') as typeof import('yaml')).parseAllDocuments(text).map(document => document.toJS() as unknown),
    ),
  build: documents => documents,
  write: nothing,
};

/** Reading and all rules in this process, for its peak of memory. */
const lint: Variant<Manifests, readonly unknown[]> = {
  load: folder => lazily.objects().readManifests([folder]),
  build: ({ objects }) => lazily.lint().lintObjects(objects),
  write: nothing,
};

/** What is in a certificate, as other languages have it after parsing: node:crypto looks at a field when it is asked for. */
const fieldsOf = ({
  subject,
  issuer,
  subjectAltName,
  keyUsage,
  validFrom,
  validTo,
  ca,
  publicKey,
}: X509Certificate): readonly unknown[] => [
  ...[subject, issuer, subjectAltName, keyUsage, Date.parse(validFrom), Date.parse(validTo), ca],
  ...[publicKey.asymmetricKeyType, publicKey.asymmetricKeyDetails],
];

/** The least that reads a dump: every line as JSON, and the certificate of every Secret. All of it is kept, as a check needs it. */
const listing: Variant<unknown[], unknown[]> = {
  load: folder =>
    readdirSync(folder)
      .filter(file => file.endsWith('.jsonl'))
      .flatMap(file =>
        readFileSync(join(folder, file), 'utf8')
          .split('\n')
          .filter(line => line !== '')
          .map(line => JSON.parse(line) as unknown),
      ),
  build: objects => {
    const texts = (objects as { data?: { 'tls.crt'?: string } }[]).flatMap(({ data }) => data?.['tls.crt'] ?? []);
    const certificates = texts.map(text => new X509Certificate(Buffer.from(text, 'base64')));
    return [objects, certificates, certificates.map(fieldsOf)];
  },
  write: nothing,
};

const VARIANTS: Readonly<Record<string, (input: string, outdir: string) => Measurement>> = {
  ours: (input, outdir) => run(ours, input, outdir),
  reading: (input, outdir) => run(reading, input, outdir),
  jsYaml: (input, outdir) => run(jsYaml, input, outdir),
  yamlLibrary: (input, outdir) => run(yamlLibrary, input, outdir),
  lint: (input, outdir) => run(lint, input, outdir),
  listing: (input, outdir) => run(listing, input, outdir),
  stock: (input, outdir) => run(stock, input, outdir),
  json: (input, outdir) => run(json, input, outdir),
  yaml: (input, outdir) => run(yaml, input, outdir),
  dump: (input, outdir) => run(dump, input, outdir),
};

const [name = '', input = '', outdir = ''] = process.argv.slice(2);
const variant = VARIANTS[name];
if (variant === undefined) throw new Error(`no variant "${name}", expected ${Object.keys(VARIANTS).join(', ')}`);
process.stdout.write(`${JSON.stringify(variant(input, outdir))}\n`);
