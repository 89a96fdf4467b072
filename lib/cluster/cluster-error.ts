/** `CONFIG`, `DUMP`, `BACKUP`: the input is wrong. `UNREACHABLE`, `REFUSED`: the cluster does not answer, or not to us. */
export type ClusterErrorCode = 'CLUSTER_CONFIG' | 'CLUSTER_DUMP' | 'CLUSTER_BACKUP' | 'CLUSTER_UNREACHABLE' | 'CLUSTER_REFUSED';

/** What keeps a command from working with a cluster. The message says what to do; no value of a Secret is in it. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';

  constructor(
    readonly code: ClusterErrorCode,
    problem: string,
    next: string,
  ) {
    super(`${problem}\n  ${next}`);
  }
}
