import type { EnvironmentDifference } from '../check/diff/index.js';
import { count, type DifferenceOptions, headline, type Line, sectionsOf } from './difference-lines.js';
import { code } from './markdown.js';

/** GitHub refuses a comment of more than 65,536 characters, GitLab one of a million. */
const LONGEST = 60_000;
/** By which a workflow finds its own comment again, to replace it. */
const MARKER = '<!-- sentinel-mtls diff -->';

/** For a comment on a pull request. Every text of the manifests stands in a code span: it is neither link, nor mention, nor HTML. */
export function differencesMarkdown(differences: readonly EnvironmentDifference[], options: DifferenceOptions = {}): string {
  const head = [MARKER, '### What this changes in the fleet', ''];
  if (differences.length === 0) return `${[...head, 'Nothing: no call, identity, certificate or opening differs.'].join('\n')}\n`;
  const lines = differences.flatMap(difference => [
    `#### ${code(headline(difference))}`,
    '',
    ...sectionsOf(difference, options).flatMap(({ title, lines: changes, left }) => [
      `**${title}**`,
      ...changes.map(markdownOf),
      ...(left > 0 ? [`- … and ${count(left, 'change')} more`] : []),
      '',
    ]),
  ]);
  const foot = "⚠️ needs a reviewer: it allows more than before, or the program can't tell.";
  return `${[...head, ...bounded(lines), foot].join('\n')}\n`;
}

function markdownOf({ sign, flagged, subjects, details }: Line): string {
  const verb = { '+': 'added', '-': 'removed', '~': 'changed' }[sign];
  const what = details.length === 0 ? '' : `: ${details.map(code).join('; ')}`;
  return `- ${flagged ? '⚠️ ' : ''}${verb} ${subjects.map(code).join(', ')}${what}`;
}

/** What does not fit is counted, never dropped in silence. */
function bounded(lines: readonly string[]): readonly string[] {
  let length = 0;
  const fitting = lines.findIndex(line => {
    length += line.length + 1;
    return length > LONGEST;
  });
  if (fitting < 0) return lines;
  return [
    ...lines.slice(0, fitting),
    '',
    `**${count(lines.length - fitting, 'line')} more did not fit: run \`sentinel-mtls diff\` to see them.**`,
    '',
  ];
}
