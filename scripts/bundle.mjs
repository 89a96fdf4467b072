// Bundles the commands that CI and people run most and keeps V8's code of them, so that they start in a fraction of the time.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const { compile, runModule } = require('../build/lib/cli/cached.js');

/** The functions of `yaml` that cdk8s uses, loaded at their first call: our own writer needs the library only for rare texts. */
const lazyYaml = {
  name: 'lazy-yaml',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^yaml$/ }, ({ importer, resolveDir, pluginData }) =>
      pluginData !== 'real' && /node_modules.cdk8s.lib/.test(importer)
        ? { path: 'yaml', namespace: 'lazy', pluginData: resolveDir }
        : undefined,
    );
    onResolve({ filter: /^yaml$/, namespace: 'lazy' }, ({ resolveDir }) =>
      resolve('yaml', { resolveDir, kind: 'require-call', pluginData: 'real' }),
    );
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ pluginData }) => ({
      resolveDir: pluginData,
      contents: ['stringify', 'parseAllDocuments'].map(name => `exports.${name} = (...all) => require('yaml').${name}(...all);`).join('\n'),
    }));
  },
};

// in this order: what the first writes, the second reads
const folder = mkdtempSync(join(tmpdir(), 'sentinel-mtls-build-'));
try {
  await bundle('synth', ['-f', 'fleet.yaml', '-o', folder]);
  await bundle('verify', ['-f', 'fleet.yaml', '--manifests', folder]);
  await bundle('report', ['fleet.yaml', '-o', join(folder, 'report.html')]);
  await bundle('lint', [folder, '--persona', 'auditor', '--date', '2026-01-01']);
  await bundle('chart', ['-f', 'fleet.yaml', '-o', join(folder, 'chart')]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function bundle(command, args) {
  const module = join('build/lib/cli', command);
  const outfile = `${module}.bundle.js`;
  await build({
    entryPoints: [`${module}.js`],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minifyWhitespace: true,
    legalComments: 'none',
    plugins: [lazyYaml],
    logLevel: 'error',
  });
  // V8 keeps the code of the functions that ran, so the command is run once before the code is taken
  const script = compile(outfile, undefined);
  const write = process.stdout.write;
  try {
    process.stdout.write = () => true;
    await runModule(script, join(process.cwd(), outfile)).run(args);
  } finally {
    process.stdout.write = write;
  }
  writeFileSync(`${module}.bundle.cache`, script.createCachedData());
}
