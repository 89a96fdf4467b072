// Writes docs/rules/ from the rules, or with --check tells which pages are not current. Needs `npm run build`.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { RULES } = require('../build/lib/check/lint/index.js');
const { formatRuleIndex, formatRulePage } = require('../build/lib/report/index.js');

const folder = fileURLToPath(new URL('../docs/rules', import.meta.url));
const pages = new Map([['README.md', formatRuleIndex(RULES)], ...RULES.map(rule => [`${rule.code}.md`, formatRulePage(rule)])]);
mkdirSync(folder, { recursive: true });
const strays = readdirSync(folder).filter(file => !pages.has(file));
const stale = [...pages].filter(([file, text]) => !existsSync(join(folder, file)) || readFileSync(join(folder, file), 'utf8') !== text);

if (process.argv.includes('--check')) {
  for (const file of [...strays, ...stale.map(([name]) => name)])
    console.log(`docs/rules/${file} is not current: run node scripts/rule-pages.mjs`);
  process.exitCode = strays.length + stale.length > 0 ? 1 : 0;
} else {
  for (const file of strays) rmSync(join(folder, file));
  for (const [file, text] of stale) writeFileSync(join(folder, file), text);
}
