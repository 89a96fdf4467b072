import { existsSync } from 'node:fs';
import { type LintConfig, type LintOptions, PERSONAS, type Persona, parseLintConfig, profileOf } from '../check/lint/index.js';
import { readSourceFile } from '../objects/index.js';
import { UsageError } from './exit.js';

const DEFAULT_FILE = '.sentinel-lint.yaml';
const NONE: LintConfig = { exclude: [], suppressions: [] };

/** The configuration that was named, or the one of the working folder, or none. */
export function readLintConfig(named: string | undefined): LintConfig {
  if (named === undefined && !existsSync(DEFAULT_FILE)) return NONE;
  return parseLintConfig(readSourceFile(named ?? DEFAULT_FILE));
}

/** Options of the command line win over those of the configuration. */
export function withConfig(options: LintOptions, config: LintConfig): LintOptions {
  const { persona, profile, certManager, kubernetes, clusterResourceNamespace, trustNamespace } = config;
  if (profile !== undefined) checkProfile(profile);
  return {
    ...(profile === undefined ? {} : { profile }),
    ...(persona === undefined ? {} : { persona: personaOf(persona) }),
    ...(certManager === undefined ? {} : { certManager }),
    ...(kubernetes === undefined ? {} : { kubernetes }),
    ...(clusterResourceNamespace === undefined ? {} : { clusterResourceNamespace }),
    ...(trustNamespace === undefined ? {} : { trustNamespace }),
    ...options,
  };
}

function checkProfile(name: string): void {
  try {
    profileOf(name);
  } catch (error) {
    throw new UsageError(
      `the configuration: ${(error as Error).message.split(';')[0] ?? ''}`,
      (error as Error).message.split('; ')[1] ?? '',
    );
  }
}

function personaOf(text: string): Persona {
  const persona = PERSONAS.find(name => name === text);
  if (persona === undefined) throw new UsageError(`the configuration: persona is "${text}"`, `expected one of ${PERSONAS.join(', ')}`);
  return persona;
}
