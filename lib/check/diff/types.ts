/** What a difference is about, in the order in which a reviewer should read it. */
export const SECTIONS = [
  'calls',
  'network',
  'ports',
  'authorities',
  'identities',
  'requestPolicies',
  'permissions',
  'certificates',
  'workloads',
  'services',
  'monitoring',
  'other',
  'files',
] as const;

export type Section = (typeof SECTIONS)[number];

/** `weaker`: more is allowed than before; `review`: this program can't tell; `none`: nothing that protects was touched. */
export type Effect = 'weaker' | 'stronger' | 'review' | 'none';

/** One property of a fact: a single value, or a set of values. */
export type Field = ScalarField | SetField;

export interface ScalarField {
  readonly name: string;
  /** What is compared. */
  readonly value: string;
  /** What may be printed; `value` when left out. */
  readonly shown?: string;
  /** Higher is weaker; only compared when both sides have one. */
  readonly rank?: number | undefined;
  /** Effect of a change that ranks don't decide. */
  readonly effect: Effect;
  /** To be told even where all of a fact is new. */
  readonly weak?: boolean;
}

export interface SetField {
  readonly name: string;
  readonly items: readonly string[];
  /** Effect of one value more. */
  readonly grows: Effect;
  /** To be told even where all of a fact is new. */
  readonly weak?: boolean;
}

/** One statement that an environment makes, such as "a may call b:https". */
export interface Fact {
  readonly section: Section;
  /** Unique in its section; facts of two environments with one key are compared. */
  readonly key: string;
  /** What it is about, in the words of the fleet. */
  readonly subject: string;
  /** Effect of the fact's appearing; its going away has the opposite one. */
  readonly appears: Effect;
  readonly fields: readonly Field[];
  /** Rendered objects and files that say so. */
  readonly sources: readonly string[];
  /** Calls to which it belongs, as `caller → callee:port`. */
  readonly calls?: readonly string[];
}

export type FieldChange =
  | { readonly field: string; readonly effect: Effect; readonly old?: string; readonly new?: string }
  | { readonly field: string; readonly effect: Effect; readonly added: readonly string[]; readonly removed: readonly string[] };

export interface Change {
  readonly section: Section;
  readonly change: 'added' | 'removed' | 'changed';
  readonly subject: string;
  readonly effect: Effect;
  /** Of an added fact its values as `new`, of a removed one as `old`. */
  readonly fields: readonly FieldChange[];
  readonly sources: readonly string[];
}

export interface EnvironmentDifference {
  readonly environment: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** By section, what needs a reviewer first. */
  readonly changes: readonly Change[];
}

/** Whether a reviewer must look at it: more is allowed, or it can't be told. */
export function isFlagged(change: { readonly effect: Effect }): boolean {
  return change.effect === 'weaker' || change.effect === 'review';
}

/** The field that differs when an object does; told only where nothing else tells of that object. */
export const FORM = 'form';
