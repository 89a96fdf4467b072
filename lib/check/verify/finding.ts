/** One thing that a check found, in the form that every report is made from. */
export interface Finding {
  readonly check: 'schema' | 'lint' | 'manifests' | 'relations';
  /** `network-extra`, `unknownField`, the code of a lint rule. */
  readonly code: string;
  readonly severity: 'error' | 'warning' | 'note';
  /** One sentence: what is wrong. */
  readonly message: string;
  /** `NetworkPolicy shop/orders-mtls-only`; empty where no object is concerned. */
  readonly object: string;
  /** Field of the object; empty for all of it. */
  readonly path: string;
  /** Undefined for what was not rendered. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** What to do; empty where the message says it. */
  readonly fix: string;
}
