// Compiles schemas/*.json and fleet.schema.json into schemas/validators/*.js, when they have changed. `npm run build` calls it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const schemas = join(root, 'schemas');
const validators = join(schemas, 'validators');
const fleet = join(root, 'fleet.schema.json');
const stamp = join(validators, '.inputs');

const files = readdirSync(schemas).filter(file => file.endsWith('.json') && file !== 'versions.json');
const inputs = [...files.map(file => join(schemas, file)), ...(existsSync(fleet) ? [fleet] : [])];
const hash = createHash('sha256');
for (const file of [fileURLToPath(import.meta.url), join(root, 'node_modules/ajv/package.json'), ...inputs])
  hash.update(basename(file)).update(readFileSync(file));
const digest = hash.digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
  // made beside and moved into place, so that a test that runs meanwhile never sees half of it
  const folder = join(schemas, `validators.tmp-${process.pid}`);
  mkdirSync(folder);
  compileObjects(folder);
  if (existsSync(fleet)) compileFleet(folder);
  writeFileSync(join(folder, basename(stamp)), digest);
  rmSync(validators, { recursive: true, force: true });
  renameSync(folder, validators);
}

function compileObjects(folder) {
  const { default: Ajv } = require('ajv');
  const { default: standaloneCode } = require('ajv/dist/standalone');
  const read = file => JSON.parse(readFileSync(join(schemas, file), 'utf8'));
  const shared = read('definitions.json');
  const kinds = files.filter(file => file !== 'definitions.json');
  // a required name may be defined by $ref, and a CEL rule becomes branches that only say "required": both are no mistakes here
  const options = { allErrors: true, strict: true, strictRequired: false, strictTypes: false, code: { source: true } };
  for (const file of kinds) {
    // a fresh instance each time, so that a file holds only what its kind refers to
    const ajv = new Ajv(options).addSchema(shared);
    writeFileSync(join(folder, file.replace(/json$/, 'js')), quickLengths(standaloneCode(ajv, ajv.compile(read(file)))));
  }
  const names = kinds.map(file => file.slice(0, -'.json'.length));
  // one require per kind, written out, so that a bundler can follow them
  const loaders = names.map(name => `  ${JSON.stringify(name)}: () => require(${JSON.stringify(`./${name}.js`)}),\n`).join('');
  writeFileSync(join(folder, 'index.js'), `exports.load = {\n${loaders}};\n`);
}

// characters are counted one by one; no text has more of them than code units, so most need no counting
function quickLengths(code) {
  return code.replace(/(func\d+)\((data\d*)\) > (\d+)/g, '$2.length > $3 && $1($2) > $3');
}

function compileFleet(folder) {
  const schema = JSON.parse(readFileSync(fleet, 'utf8'));
  const { default: Ajv } = require(schema.$schema?.includes('2020-12') ? 'ajv/dist/2020' : 'ajv');
  const { default: standaloneCode } = require('ajv/dist/standalone');
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, strictRequired: false, code: { source: true } });
  writeFileSync(join(folder, 'fleet.js'), standaloneCode(ajv, ajv.compile(schema)));
}
