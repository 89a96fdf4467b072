import { createInterface } from 'node:readline/promises';
import { isDnsLabel, isServiceName, trustDomainProblem } from '../pki/index.js';
import { AUTHORITY_KINDS, type AuthorityKind, type FirstFleet } from './init-text.js';

/** What is wrong with an answer, or undefined. */
type Check = (answer: string) => string | undefined;

export const isLabel: Check = answer => (isDnsLabel(answer) ? undefined : 'expected lower-case letters, digits and dashes, at most 63');
export const isTrustDomain: Check = answer => trustDomainProblem(answer);
const isKind = (text: string): text is AuthorityKind => (AUTHORITY_KINDS as readonly string[]).includes(text);

/** `dev=selfSigned` */
export function environmentOf(text: string): FirstFleet['environments'][number] | string {
  const [name = '', kind = 'selfSigned', ...more] = text.split('=');
  const problem = isLabel(name);
  if (problem !== undefined || more.length > 0) return `environment "${text}": ${problem ?? 'expected NAME=KIND'}`;
  return isKind(kind)
    ? { name, authority: kind }
    : `authority of environment "${name}" is "${kind}", expected ${AUTHORITY_KINDS.join(', ')}`;
}

export const isService: Check = answer =>
  isServiceName(answer) ? undefined : 'expected a letter, then lower-case letters, digits and dashes, at most 63';

/** Asks for what is not given; an empty answer takes the value in brackets, a wrong one is asked again. */
export async function askForFleet(
  given: Partial<FirstFleet>,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<FirstFleet | undefined> {
  const lines = createInterface({ input, output });
  // read as they come: a question would lose the lines of an answer that was pasted with the next ones
  const answers = lines[Symbol.asyncIterator]();
  const ask = async (question: string, proposal: string, check: Check): Promise<string> => {
    for (;;) {
      output.write(`${question} [${proposal}] `);
      const { value: answer, done } = await answers.next();
      if (done === true) throw new Ended();
      const text = answer.trim() === '' ? proposal : answer.trim();
      const problem = check(text);
      if (problem === undefined) return text;
      output.write(`  ${problem}\n`);
    }
  };
  try {
    const fleet = given.fleet ?? (await ask('Name of the fleet', 'shop', isLabel));
    return {
      fleet,
      namespace: given.namespace ?? (await ask('Namespace', fleet, isLabel)),
      trustDomain: given.trustDomain ?? (await ask('Trust domain, part of every identity', `${fleet}.internal`, isTrustDomain)),
      environments:
        given.environments ??
        environmentsOf(
          await ask(`Environments, each with who signs (${AUTHORITY_KINDS.join(', ')})`, 'dev=selfSigned prod=vault', environmentsProblem),
        ),
      services:
        given.services ??
        words(
          await ask('Services, each of which calls the next', 'web orders', answer =>
            words(answer)
              .map(isService)
              .find(problem => problem !== undefined),
          ),
        ),
    };
  } catch (error) {
    if (error instanceof Ended) return undefined;
    throw error;
  } finally {
    lines.close();
  }
}

class Ended extends Error {}

const words = (text: string): readonly string[] => [...new Set(text.split(/[\s,]+/).filter(word => word !== ''))];

function environmentsProblem(text: string): string | undefined {
  return words(text)
    .map(environmentOf)
    .find(found => typeof found === 'string');
}

const environmentsOf = (text: string): FirstFleet['environments'] =>
  words(text)
    .map(environmentOf)
    .filter(found => typeof found !== 'string');
