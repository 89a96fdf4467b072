import { describeAt, type ObjectPath, type ProblemKind, type SchemaProblem } from './problem.js';

/**
 * A place in an object whose types nobody has checked yet. Reads are total: a wrong type reads as absent,
 * because the schema has already reported it.
 */
export class Field {
  static root(kind: string, object: object, problems: SchemaProblem[]): Field {
    return new Field(kind, undefined, '', object, problems);
  }

  private constructor(
    private readonly kind: string,
    private readonly parent: Field | undefined,
    private readonly key: string | number,
    readonly value: unknown,
    private readonly problems: SchemaProblem[],
  ) {}

  /** Made only for a message: most fields have nothing wrong. */
  get path(): ObjectPath {
    return this.parent === undefined ? [] : [...this.parent.path, this.key];
  }

  at(key: string, below?: string): Field {
    const field = new Field(this.kind, this, key, isRecord(this.value) ? this.value[key] : undefined, this.problems);
    return below === undefined ? field : field.at(below);
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
    return this.value.map((item, index) => new Field(this.kind, this, index, item, this.problems));
  }

  get entries(): [string, Field][] {
    return isRecord(this.value) ? Object.keys(this.value).map(key => [key, this.at(key)]) : [];
  }

  report(kind: ProblemKind, message: string, expected: string): void {
    const { path } = this;
    this.problems.push({ kind, path, message, found: describeAt(this.kind, path, this.value), expected });
  }

  /** Reports an absent or empty text. */
  requireText(expected = 'a text'): void {
    if (this.text === '') this.report('required', `"${this.key}" is missing or empty`, expected);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
