import type { FieldPath, KubernetesObject } from '../../objects/index.js';
import type { World } from './world.js';

export const SEVERITIES = ['error', 'warning', 'note'] as const;
/** `error`: it will break or is open. `warning`: it will, once something usual happens. `note`: worth a look. */
export type Severity = (typeof SEVERITIES)[number];

export const PERSONAS = ['regular', 'pedantic', 'auditor'] as const;
/** Who wants to hear it: `regular` everybody, `pedantic` who wants it tidy, `auditor` who must judge what can't be decided here. */
export type Persona = (typeof PERSONAS)[number];

/** A place besides the one of the finding that has a part in it. */
export interface Related {
  readonly object: KubernetesObject;
  readonly path: FieldPath;
  readonly text: string;
}

/** A change of one field that can't break anything; the text of the file is kept otherwise. */
export type Edit =
  | { readonly kind: 'replace'; readonly path: FieldPath; readonly value: string }
  /** A new field, as the last one of the map at `path`; `value` is one line of YAML. */
  | { readonly kind: 'add'; readonly path: FieldPath; readonly key: string; readonly value: string }
  | { readonly kind: 'remove'; readonly path: FieldPath };

/** One thing that a rule found. */
export interface Report {
  readonly object: KubernetesObject;
  /** The field at fault, or where a missing one belongs. */
  readonly path: FieldPath;
  /** What is wrong: lower case, no full stop, never a secret value. */
  readonly message: string;
  readonly related?: readonly Related[];
  /** Where this case differs from the rule at large. */
  readonly severity?: Severity;
  readonly persona?: Persona;
  /** What to do here, when it is more exact than the rule's fix. */
  readonly fix?: string;
  readonly edits?: readonly Edit[];
}

/** A check of the linter. Pages of docs/rules and the text of `explain` are made from it. */
export interface Rule {
  /** Stable for ever: `SMT-`, a letter (C certificates, M cert-manager, N network policies, S schema, X the linter itself), three digits. */
  readonly code: string;
  /** Kebab name, usable wherever the code is. */
  readonly name: string;
  readonly severity: Severity;
  readonly persona: Persona;
  /** One sentence: what it finds. */
  readonly summary: string;
  /** What happens when nobody mends it. */
  readonly why: string;
  /** Clauses of standards, or the documentation of the product. */
  readonly standards: readonly string[];
  readonly fix: string;
  /** Whether `--fix` mends some of its findings. */
  readonly fixable?: boolean;
  /** YAML with the fault, and without it. */
  readonly bad: string;
  readonly good: string;
  /** What the examples need to be judged by, when it is not the default. */
  readonly example?: { readonly profile?: string; readonly certManager?: string; readonly date?: string };
  check(world: World): Iterable<Report>;
}
