import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What a child process prints as one line of JSON. */
export interface Measurement {
  /** From the first line of the program to the last byte written. */
  readonly totalMs: number;
  /** Reading and checking the fleet file, or the objects. */
  readonly loadMs: number;
  /** Everything after loading. */
  readonly workMs: number;
  /** Time on a processor, of all threads, after loading. */
  readonly cpuMs: number;
  /** Peak resident memory of the process. */
  readonly peakMb: number;
}

type Work = () => void;

/** Each variant loads its input and gives back what is left to do. */
const VARIANTS: Readonly<Record<string, (input: string, outdir: string) => Work>> = {
  ours: (input, outdir) => {
    const { loadFleet } = require('../lib/fleet/index.js') as typeof import('../lib/fleet/index.js');
    const { renderFleet, writeOutput } = require('../lib/render/manifests/index.js') as typeof import('../lib/render/manifests/index.js');
    const fleet = loadFleet(input);
    return () => writeOutput(outdir, renderFleet(fleet, ['prod']));
  },
  stock: (input, outdir) => {
    const { loadFleet, resolve } = require('../lib/fleet/index.js') as typeof import('../lib/fleet/index.js');
    const { addEnvironment } = require('../lib/constructs/index.js') as typeof import('../lib/constructs/index.js');
    const { App } = require('cdk8s') as typeof import('cdk8s');
    const fleet = loadFleet(input);
    return () => {
      const app = new App({ outdir });
      addEnvironment(app, resolve(fleet, 'prod'));
      app.synth();
    };
  },
  json: (input, outdir) => {
    const objects: unknown[] = readFileSync(input, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as unknown);
    return () => {
      mkdirSync(outdir, { recursive: true });
      const descriptor = openSync(join(outdir, 'objects.json'), 'w');
      let text = '';
      for (const object of objects) {
        text += `${JSON.stringify(object)}\n`;
        // the same pieces as ours
        if (text.length < 256 * 1024) continue;
        writeSync(descriptor, text);
        text = '';
      }
      writeSync(descriptor, text);
      closeSync(descriptor);
    };
  },
  dump: (input, outdir) => {
    const { loadFleet, resolve } = require('../lib/fleet/index.js') as typeof import('../lib/fleet/index.js');
    const { addEnvironment } = require('../lib/constructs/index.js') as typeof import('../lib/constructs/index.js');
    const { ApiObject, App } = require('cdk8s') as typeof import('cdk8s');
    const fleet = loadFleet(input);
    return () => {
      const app = new App();
      addEnvironment(app, resolve(fleet, 'prod'));
      const descriptor = openSync(outdir, 'w');
      for (const construct of app.node.findAll()) {
        if (ApiObject.isApiObject(construct)) writeSync(descriptor, `${JSON.stringify(construct.toJson())}\n`);
      }
      closeSync(descriptor);
    };
  },
};

const [variant = '', input = '', outdir = ''] = process.argv.slice(2);
const load = VARIANTS[variant];
if (load === undefined) throw new Error(`no variant "${variant}", expected ${Object.keys(VARIANTS).join(', ')}`);
const started = performance.now();
const work = load(input, outdir);
const loaded = performance.now();
const cpuBefore = process.cpuUsage();
work();
const ended = performance.now();
const cpu = process.cpuUsage(cpuBefore);
const measurement: Measurement = {
  totalMs: ended - started,
  loadMs: loaded - started,
  workMs: ended - loaded,
  cpuMs: (cpu.user + cpu.system) / 1000,
  // maxRSS is in KiB
  peakMb: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(`${JSON.stringify(measurement)}\n`);
