// Runs the vectors against sentinel-node: node conformance/runner.mjs DIR [FILE …]. README.md says what is printed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileSwaps } from './runner/file-swaps.mjs';
import { handshakes } from './runner/handshakes.mjs';
import { hostNames, identities, policies, spiffeIds } from './runner/pure.mjs';
import { stable } from './runner/stable.mjs';

const RUNNERS = {
  'spiffe-ids': spiffeIds,
  policies,
  identities,
  'host-names': hostNames,
  'file-swaps': fileSwaps,
  handshakes,
};

const here = fileURLToPath(new URL('.', import.meta.url));
const [certificates, ...only] = process.argv.slice(2);
if (!certificates || only.some(file => !Object.hasOwn(RUNNERS, file))) {
  console.error(`usage: node conformance/runner.mjs DIR [${Object.keys(RUNNERS).join('|')} …]`);
  process.exit(2);
}

let differences = 0;
for (const [file, run] of Object.entries(RUNNERS)) {
  if (only.length > 0 && !only.includes(file)) continue;
  const vectors = JSON.parse(readFileSync(join(here, 'vectors', `${file}.json`), 'utf8'));
  for await (const { name, result, expect } of run(vectors, certificates)) {
    const [found, wanted] = [stable(result), stable(expect)];
    console.log(`${file} ${stable(name)} ${found}`);
    if (found === wanted) continue;
    differences++;
    console.error(`${file} ${stable(name)}: expected ${wanted}, found ${found}`);
  }
}
process.exitCode = differences === 0 ? 0 : 1;
