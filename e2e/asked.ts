/** What a run is asked for by variables. One that means nothing ends it at once, with exit code 2. */

/** Renewals of all leaves, one after the other: `E2E_ROUNDS`. */
export const ROUNDS = roundsOf(process.env.E2E_ROUNDS ?? '20');

/** Which Kubernetes runs: the one that is tested at every change, or with `E2E_VERSIONS=older` an older one. */
export const KUBERNETES = kubernetesOf(process.env.E2E_VERSIONS ?? '');

/** Without a round nothing would be shown. */
function roundsOf(text: string): number {
  const rounds = Number(text);
  return Number.isSafeInteger(rounds) && rounds >= 1 ? rounds : refuse(`E2E_ROUNDS is "${text}", expected a number from 1`);
}

function kubernetesOf(text: string): 'kubernetes' | 'kubernetes-older' {
  if (text === '') return 'kubernetes';
  return text === 'older' ? 'kubernetes-older' : refuse(`E2E_VERSIONS is "${text}", expected "older" or nothing`);
}

function refuse(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(2);
}
