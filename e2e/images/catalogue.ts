import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { PAUSE_IMAGE } from '../node/containers.js';
import { build } from '../node/programs.js';
import { CACHE, ROOT } from '../node/settings.js';
import { archiveOf, type Image, placeIn } from './archive.js';
import { nodeImage } from './node-image.js';
import { pythonImage } from './python-image.js';

const ARCHIVES = join(CACHE, 'images');

/** What the node itself needs. */
export function nodeImages(): string[] {
  const [pause, coredns] = build('pause', 'coredns') as [string, string];
  return archives([
    { ...ofProgram(PAUSE_IMAGE, pause), user: '65535:65535' },
    // port 53 is below 1024, and a program without file capabilities opens it as root alone
    { ...ofProgram('registry.k8s.io/coredns/coredns:v1.14.6', coredns), user: '0:0' },
  ]);
}

/** cert-manager and its companions under the names that their charts ask for; the contents are built here, see e2e/tools. */
export function prerequisiteImages(): string[] {
  const [controller, webhook, cainjector, acmesolver] = build('cert-manager') as [string, string, string, string];
  const [trustManager] = build('trust-manager') as [string];
  const [approverPolicy] = build('approver-policy') as [string];
  const versionOf = (program: string): string => /-(v\d[^-/]*)-[0-9a-f]+\//.exec(program)?.[1] ?? '';
  const jetstack = (name: string, program: string): Image => ofProgram(`quay.io/jetstack/${name}:${versionOf(program)}`, program);
  return archives([
    jetstack('cert-manager-controller', controller),
    jetstack('cert-manager-webhook', webhook),
    jetstack('cert-manager-cainjector', cainjector),
    jetstack('cert-manager-acmesolver', acmesolver),
    jetstack('trust-manager', trustManager),
    jetstack('cert-manager-approver-policy', approverPolicy),
  ]);
}

/** Services that run the Python library; the others run the one for Node. */
const IN_PYTHON = /\/infra-adapter:/;

/** Two images for all services: the programs of e2e/pods under each of the names that manifests ask for. */
export function serviceImages(references: readonly string[]): string[] {
  const application = podProgram();
  const [python, node] = [references.filter(name => IN_PYTHON.test(name)), references.filter(name => !IN_PYTHON.test(name))];
  return archives([
    ...(isFilled(node) ? [nodeImage(node, application)] : []),
    ...(isFilled(python) ? [pythonImage(python, application)] : []),
  ]);
}

const isFilled = (names: readonly string[]): names is Image['references'] => names.length > 0;

/** The program of e2e/pods with the runtime library in it, as one file. */
function podProgram(): string {
  const outdir = join(ROOT, 'build', 'e2e', 'pod');
  const entryPoints = [join(ROOT, 'build', 'e2e', 'pods', 'main.js')];
  const { outputFiles } = buildSync({ entryPoints, outdir, bundle: true, platform: 'node', target: 'node20', write: false });
  mkdirSync(outdir, { recursive: true });
  for (const { path, contents } of outputFiles) {
    // two lanes may do this at the same time: nobody reads half a file
    const whole = join(ROOT, 'build', 'e2e', `.${basename(path)}-${threadId}`);
    writeFileSync(whole, contents);
    renameSync(whole, path);
  }
  return outdir;
}

/** One program of e2e/tools as an image, for servers that the tests need. */
export function programImage(tool: string): { readonly reference: string; readonly archive: string } {
  const [program = ''] = build(tool);
  const reference = `e2e.local/${tool}:1`;
  return { reference, archive: archiveOf(ofProgram(reference, program), ARCHIVES) };
}

const archives = (images: readonly Image[]): string[] => images.map(image => archiveOf(image, ARCHIVES));

/** An image with nothing but one static program. */
function ofProgram(reference: string, program: string): Image {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return {
    references: [reference],
    entrypoint: [`/${name}`],
    // the path has the version and the hash of the module in it
    key: program,
    fill: root => copyFileSync(program, placeIn(root, name)),
  };
}
