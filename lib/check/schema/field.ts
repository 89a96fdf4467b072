import { describeAt, type ObjectPath, type ProblemKind, type SchemaProblem } from './problem.js';

/**
 * A place in an object whose types nobody has checked yet. Reads are total: a wrong type reads as absent,
 * because the schema has already reported it.
 */
export class Field {
  static root(kind: string, object: object, problems: SchemaProblem[]): Field {
    return new Field(kind, [], object, problems);
  }

  private constructor(
    private readonly kind: string,
    readonly path: ObjectPath,
    readonly value: unknown,
    private readonly problems: SchemaProblem[],
  ) {}

  at(...keys: string[]): Field {
    let value = this.value;
    for (const key of keys) value = isRecord(value) ? value[key] : undefined;
    return new Field(this.kind, [...this.path, ...keys], value, this.problems);
  }

  /** Whether the field is there and not null: Go's non-nil pointer. */
  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** `''` for an absent field: Go's zero value. */
  get text(): string {
    return typeof this.value === 'string' ? this.value : '';
  }

  get number(): number | undefined {
    return typeof this.value === 'number' ? this.value : undefined;
  }

  get items(): Field[] {
    if (!Array.isArray(this.value)) return [];
    return this.value.map((item, index) => new Field(this.kind, [...this.path, index], item, this.problems));
  }

  get entries(): [string, Field][] {
    return isRecord(this.value) ? Object.keys(this.value).map(key => [key, this.at(key)]) : [];
  }

  report(kind: ProblemKind, message: string, expected: string): void {
    this.problems.push({ kind, path: this.path, message, found: describeAt(this.kind, this.path, this.value), expected });
  }

  /** Reports an absent or empty text. */
  requireText(expected = 'a text'): void {
    if (this.text === '') this.report('required', `"${this.path.at(-1)}" is missing or empty`, expected);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
