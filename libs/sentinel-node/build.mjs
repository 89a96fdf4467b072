// Builds dist/: CommonJS by tsc, and for `import` thin modules that re-export it, so that a process never has two copies of the state.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const dist = join(here, 'dist');
const require = createRequire(import.meta.url);

rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(here, 'tsconfig.json')], { stdio: 'inherit' });

const { exports } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
for (const target of Object.values(exports)) {
  if (typeof target === 'string') continue;
  const name = target.require.default.replace(/^\.\/dist\/(.*)\.js$/, '$1');
  const names = Object.keys(require(join(dist, `${name}.js`))).sort();
  writeFileSync(join(dist, `${name}.mjs`), `export { ${names.join(', ')} } from './${name}.js';\n`);
  writeFileSync(join(dist, `${name}.d.mts`), `export * from './${name}.js';\n`);
}
if (readdirSync(dist).length === 0) throw new Error('nothing was built');
