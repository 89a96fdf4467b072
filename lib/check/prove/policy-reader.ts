import { MtlsError, parsePolicy as parseAsRuntime } from '../../../libs/sentinel-node/src/index.js';
import type { Policy } from '../../fleet/policy.js';

/** A policy.json that a process must not follow: it then refuses everybody. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code = 'POLICY_UNREADABLE';
}

/**
 * Reads policy.json with the reader of the runtime library.
 *
 * @throws PolicyError for whatever a process refuses
 */
export function parsePolicy(text: string): Policy {
  try {
    return parseAsRuntime(text);
  } catch (error) {
    if (error instanceof MtlsError) throw new PolicyError(error.message);
    throw error;
  }
}
