// Builds everything that is generated and not committed: the ahead-of-time validators, then build/.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const run = (...command) => execFileSync(process.execPath, command, { stdio: 'inherit' });
if (existsSync('scripts/compile-validators.mjs')) run('scripts/compile-validators.mjs');
run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
