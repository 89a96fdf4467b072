import { tool } from './_tools.js';

export interface Helm {
  readonly major: 3 | 4;
  readonly path: string;
}

let found: readonly Helm[] | undefined;

/** Both majors of Helm, as far as they are there; in CI a missing one is an error. */
export function helms(): readonly Helm[] {
  found ??= ([3, 4] as const).flatMap(major => {
    const path = tool(`helm${major}`);
    return path === undefined ? [] : [{ major, path }];
  });
  return found;
}

/** The same tests with each Helm; one that is missing is a skipped suite, whose name says so. */
export function describeWithHelm(name: string, tests: (helm: Helm) => void): void {
  const there = helms();
  for (const helm of there) describe(`${name}, Helm ${helm.major}`, () => tests(helm));
  for (const major of [3, 4]) {
    if (there.some(helm => helm.major === major)) continue;
    describe.skip(`${name}, Helm ${major}: not installed`, () => test('would run', () => expect(major).toBe(0)));
  }
}

/** The newest Helm, where any will do. */
export const helm = (): string | undefined => helms().at(-1)?.path;
