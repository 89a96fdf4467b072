// Builds everything that is generated and not committed: the ahead-of-time validators, build/, and the bundles of commands.
import { execFileSync } from 'node:child_process';

const run = (...command) => execFileSync(process.execPath, command, { stdio: 'inherit' });
run('scripts/compile-validators.mjs');
run('libs/sentinel-node/build.mjs');
run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
run('scripts/bundle.mjs');
