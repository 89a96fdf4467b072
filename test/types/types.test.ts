import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FleetError } from '../../lib/fleet/index.js';

const FOLDER = __dirname;
const ROOT = join(FOLDER, '../..');
const FILES = readdirSync(join(FOLDER, 'rejected')).filter(file => file.endsWith('.ts'));

interface CompilerError {
  readonly file: string;
  readonly text: string;
}

/** One run of the compiler over all files: starting it costs more than checking them. */
function compilerErrors(): CompilerError[] {
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', FOLDER, '--pretty', 'false'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return stdout.split(/\n(?=\S)/).flatMap(block => {
    const [, file, text] = /^(\S+?)\(\d+,\d+\): error (TS\d+: [\s\S]*)/.exec(block) ?? [];
    return file === undefined || text === undefined ? [] : [{ file, text }];
  });
}

describe('fleets in TypeScript', () => {
  const errors = compilerErrors();

  test('what the format allows compiles, and is accepted when it runs', () => {
    expect(errors.filter(({ file }) => !file.includes('/rejected/'))).toEqual([]);
    const { fleet, small } = require('./accepted.js') as typeof import('./accepted.js');
    expect([fleet.fleet, small.fleet]).toEqual(['shop', 'small']);
  });

  test.each(FILES)('%s does not compile, for the reason that it names', name => {
    const expected = [...readFileSync(join(FOLDER, 'rejected', name), 'utf8').matchAll(/^\/\/ expect: (.+)$/gm)].map(([, text]) => text);
    expect(expected).toHaveLength(1);
    const texts = errors.filter(({ file }) => basename(file) === name).map(({ text }) => text);
    expect(texts.join('\n')).toContain(expected[0]);
  });

  test.each(FILES)('%s is refused at run time as well', name => {
    expect(() => require(`./rejected/${basename(name, '.ts')}`)).toThrow(FleetError);
  });
});
