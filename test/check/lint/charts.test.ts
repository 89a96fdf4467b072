import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lintObjects } from '../../../lib/check/lint/index.js';
import { readManifests } from '../../../lib/objects/index.js';

const FOLDER = join(__dirname, '../../fixtures/charts');
const FILES = readdirSync(FOLDER).filter(file => file.endsWith('.yaml'));

/** Rows of the last table of docs/linting.md: `code object`, by file. */
function judged(file: string): string[] {
  return readFileSync(join(__dirname, '../../../docs/linting.md'), 'utf8')
    .split('\n')
    .map(line => line.split('|').map(cell => cell.trim()))
    .filter(([, files = '', code = '']) => files.split(', ').includes(file) && code.startsWith('SMT-'))
    .map(([, , code, object]) => `${code} ${object}`);
}

test.each(FILES)('%s: every finding for auditors is judged in docs/linting.md, and every judged one is there', file => {
  const { objects, unreadable } = readManifests([join(FOLDER, file)]);
  expect(unreadable).toEqual([]);
  expect(objects.size).toBeGreaterThan(9);
  const found = new Set(lintObjects(objects, { persona: 'auditor', date: '2026-11-24' }).map(({ code, object }) => `${code} ${object}`));
  expect([...found].sort()).toEqual(judged(file).sort());
});

test.each(['cert-manager.yaml', 'approver-policy.yaml', 'argo-cd.yaml'])('%s has no finding for everybody', file => {
  expect(lintObjects(readManifests([join(FOLDER, file)]).objects, { date: '2026-11-24' })).toEqual([]);
});
