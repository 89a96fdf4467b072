import type { Rule } from '../check/lint/index.js';
import { alignColumns } from './handshakes-columns.js';

/** All rules, one a line. */
export function formatRuleList(rules: readonly Rule[]): string {
  return `${alignColumns(rules.map(({ code, name, severity, persona, summary }) => [code, name, severity, persona === 'regular' ? '' : persona, summary]))}\n`;
}

/** What `explain` prints. */
export function formatRuleText(rule: Rule): string {
  const { code, name, summary, why, fix, bad, good, example } = rule;
  const sections = [
    `${code} ${name}: ${summary}`,
    factsOf(rule)
      .map(([label, text]) => `  ${label}: ${text}`)
      .join('\n'),
    `Why: ${why}`,
    `Fix: ${fix}`,
    `Bad${judgedBy(example)}:\n${indented(shown(bad))}`,
    `Good:\n${indented(shown(good))}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

/** The page of a rule in docs/rules. */
export function formatRulePage(rule: Rule): string {
  const { code, name, summary, why, fix, bad, good, example } = rule;
  const facts = factsOf(rule).map(([label, text]) => `| ${label} | ${text.replaceAll('|', '\\|')} |`);
  return `# ${code} ${name}

${sentence(summary)}

| | |
|---|---|
${facts.join('\n')}

## Why

${sentence(why)}

## Fix

${sentence(fix)}

## Bad

${judgedBy(example) === '' ? '' : `Judged${judgedBy(example)}.\n\n`}\`\`\`yaml
${shown(bad)}
\`\`\`

## Good

\`\`\`yaml
${shown(good)}
\`\`\`
`;
}

/** The table of all rules. */
export function formatRuleIndex(rules: readonly Rule[]): string {
  const rows = rules.map(
    ({ code, name, severity, persona, fixable, summary }) =>
      `| [${code}](${code}.md) | ${name} | ${severity} | ${persona} | ${fixable ? 'yes' : ''} | ${summary.replaceAll('|', '\\|')} |`,
  );
  return `# Rules of lint

Made from \`lib/check/lint/rules\` by \`npm run build\` and \`node build/scripts/rule-pages.js\`. A rule is one file there: code, name, severity, persona, standards, a bad and a good example, the fix and the check.

| code | name | severity | persona | --fix | finds |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

function factsOf({ severity, persona, standards, fixable }: Rule): [string, string][] {
  return [
    ['severity', severity],
    ['persona', persona],
    ['mended by --fix', fixable ? 'what is safe' : 'no'],
    ['by', standards.join('; ')],
  ];
}

function judgedBy(example: Rule['example']): string {
  const parts = [
    example?.profile === undefined ? '' : `--profile ${example.profile}`,
    example?.certManager === undefined ? '' : `--cert-manager ${example.certManager}`,
    example?.date === undefined ? '' : `--date ${example.date}`,
  ].filter(part => part !== '');
  return parts.length === 0 ? '' : ` (with ${parts.join(' ')})`;
}

/** An example of a hundred objects is shown by its first ones. */
function shown(example: string): string {
  const documents = example.trim().split(/^---$/m);
  const more = documents.length - MOST_DOCUMENTS;
  if (more <= 0) return example.trim();
  return `${documents.slice(0, MOST_DOCUMENTS).join('---').trimEnd()}\n# and ${more} more like these`;
}

const MOST_DOCUMENTS = 12;

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replace(/\.\.$/, '.');

const indented = (text: string): string =>
  text
    .trim()
    .split('\n')
    .map(line => `    ${line}`.trimEnd())
    .join('\n');
