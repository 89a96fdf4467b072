import { printable } from './printable.js';

/** A code span whose fence is longer than any run of backticks inside. */
export function code(text: string): string {
  const shown = printable(text);
  const runs = shown.match(/`+/g) ?? [];
  const fence = '`'.repeat(1 + Math.max(0, ...runs.map(run => run.length)));
  const space = runs.length > 0 ? ' ' : '';
  return `${fence}${space}${shown}${space}${fence}`;
}
