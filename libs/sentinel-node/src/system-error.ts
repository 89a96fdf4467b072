/** The name of a system error, such as ENOENT. Its text is left out: it may repeat what should not be logged. */
export function systemErrorCode(error: unknown): string {
  // not by instanceof: errors of node:fs are of the main realm, also for code that runs in another one
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}
