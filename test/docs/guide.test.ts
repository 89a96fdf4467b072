import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { COMMAND_NAMES, optionsOf } from '../../lib/cli/help';
import { program } from '../_programs';

const ROOT = join(__dirname, '../..');
const FOLDER = join(ROOT, 'docs/guide');
const MAIN = join(ROOT, 'build/lib/cli/main.js');

interface Block {
  /** `sh`, `sh cluster`, `yaml file=fleet.yaml`, `text output` */
  readonly info: string;
  readonly text: string;
}

const pages = readdirSync(FOLDER)
  .filter(file => file !== 'README.md')
  .map(file => ({ file, text: readFileSync(join(FOLDER, file), 'utf8') }));
const blocksOf = (text: string): Block[] =>
  [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = '', body = '']) => ({ info, text: body }));

/** Runs the commands of a page in order, each block after the files above it, as somebody would who follows it. */
function follow(text: string): { readonly code: number; readonly printed: string; readonly at: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-guide-'));
  const bin = join(folder, '.bin');
  mkdirSync(bin);
  // with the node that runs the tests
  writeFileSync(join(bin, 'sentinel-mtls'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };
  let printed = '';
  try {
    for (const block of blocksOf(text)) {
      const [, file] = /^yaml file=(\S+)$/.exec(block.info) ?? [];
      if (file !== undefined) writeFileSync(join(folder, file), block.text);
      if (block.info !== 'sh') continue;
      const { status, stdout, stderr } = spawnSync('bash', ['-euc', block.text], { cwd: folder, env, encoding: 'utf8', timeout: 120_000 });
      printed += stdout;
      if (status !== 0) return { code: status ?? -1, printed: `${printed}${stderr}`, at: block.text };
    }
    return { code: 0, printed, at: '' };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each(pages)('$file has the parts of a guide, and is in the list', ({ file, text }) => {
  expect(text).toMatch(/^# \S/);
  expect([...text.matchAll(/^## (.+)$/gm)].map(match => match[1])).toEqual(['Before', 'Steps', 'Check', 'See also']);
  expect(readFileSync(join(FOLDER, 'README.md'), 'utf8')).toContain(`(${file})`);
});

const promtool = program('promtool');
test.each(pages.filter(({ text }) => promtool !== undefined || !text.includes('promtool')))(
  'whoever follows $file sees what it says',
  ({ text }) => {
    const { code, printed, at } = follow(text);
    expect([at, code === 0 ? '' : printed]).toEqual(['', '']);
    for (const { info, text: output } of blocksOf(text))
      if (info === 'text output') for (const line of output.trimEnd().split('\n')) expect(printed).toContain(line);
  },
);

test('a command that fails, or says something else, is noticed', () => {
  expect(follow('```sh\nsentinel-mtls init --name Shop\n```\n')).toMatchObject({ code: 2, at: 'sentinel-mtls init --name Shop\n' });
  expect(follow('```sh\nsentinel-mtls --version\n```\n').printed).not.toContain('exactly the declared calls');
});

const PROGRAMS: ReadonlySet<string> = new Set(['kubectl', 'helm', 'cmctl', 'vault', 'sentinel-mtls']);
const VERBS: Readonly<Record<string, readonly string[]>> = {
  kubectl: ['create', 'apply', 'get', 'describe', 'logs', 'delete', 'diff', 'rollout', 'exec'],
  helm: ['repo', 'install', 'upgrade'],
  cmctl: ['renew', 'status'],
  vault: ['write', 'policy'],
  'sentinel-mtls': COMMAND_NAMES,
};

test.each(pages)('commands of $file for a cluster are those of programs that exist, and their files are written before', ({ text }) => {
  for (const { info, text: body } of blocksOf(text)) {
    expect([info, /^(?:sh(?: cluster)?|yaml file=[\w.-]+|text output)$/.test(info)]).toEqual([info, true]);
    if (info !== 'sh cluster') continue;
    for (const line of body.trimEnd().split('\n')) {
      const [name = '', verb = ''] = line.split(/\s+/);
      expect([line, PROGRAMS.has(name) && (VERBS[name] ?? []).includes(verb)]).toEqual([line, true]);
      for (const [, command = '', rest = ''] of line.matchAll(/sentinel-mtls ([a-z-]+)([^|]*)/g)) {
        expect(COMMAND_NAMES).toContain(command);
        for (const option of rest.match(/(?<=\s)--?[a-z][a-z-]*/g) ?? []) expect(optionsOf(command)).toContain(option);
      }
    }
  }
});

test.each([{ file: 'README.md', text: readFileSync(join(FOLDER, 'README.md'), 'utf8') }, ...pages])(
  'links of $file lead somewhere',
  ({ file, text }) => {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect([target, existsSync(join(dirname(join(FOLDER, file)), target))]).toEqual([target, true]);
    }
  },
);
