import type { EnvironmentDifference } from '../check/diff/index.js';
import { count, type DifferenceOptions, headline, type Line, sectionsOf } from './difference-lines.js';
import { printable } from './printable.js';

/** For a terminal: a paragraph an environment, `!` before what needs a reviewer. */
export function differencesText(differences: readonly EnvironmentDifference[], options: DifferenceOptions = {}): string {
  if (differences.length === 0) return 'no difference\n';
  const paragraphs = differences.map(difference => {
    const sections = sectionsOf(difference, options).map(({ title, lines, left }) =>
      [`  ${title}`, ...lines.flatMap(textOf), ...(left > 0 ? [`      … and ${count(left, 'change')} more (--all lists them)`] : [])].join(
        '\n',
      ),
    );
    return [printable(headline(difference)), ...sections].join('\n\n');
  });
  return `${paragraphs.join('\n\n')}\n\n! needs a reviewer: it allows more than before, or this program can't tell\n`;
}

/** Details stand beside a short subject, and below it otherwise. */
function textOf({ sign, flagged, subjects, details }: Line): readonly string[] {
  const head = `   ${flagged ? '!' : ' '} ${sign} ${subjects.map(printable).join(', ')}`;
  const texts = details.map(printable);
  const beside = `${head}: ${texts.join('; ')}`;
  if (texts.length === 0) return [head];
  return beside.length <= 120 ? [beside] : [head, ...texts.map(text => `         ${text}`)];
}
