import { type Context, Expression, type Root } from './expression.js';
import { PREFIX } from './param.js';

/** A text that Helm knows without values.yaml, or that a template of the chart makes. */
export class Builtin extends Expression {
  readonly #value: (context: Context) => string;
  readonly #go: string;

  /** @param go with `.` for the root */
  constructor(go: string, value: (context: Context) => string) {
    super(go, 'string');
    this.#go = go;
    this.#value = value;
  }

  override evaluate(context: Context): string {
    return this.#value(context);
  }

  override go(root: Root): string {
    if (root.dot === '.' || this.#go.startsWith('$')) return this.#go;
    return this.#go.startsWith('.') ? `$${this.#go}` : this.#go.replace(/ \.$/, ' $');
  }
}

/** Worked out once at the top of a template, see `withHead`. */
export const variable = (name: string, value: (context: Context) => string): Builtin => new Builtin(`$${name}`, value);

export const RELEASE_NAME = new Builtin('.Release.Name', ({ release }) => release.name);
export const RELEASE_SERVICE = new Builtin('.Release.Service', ({ release }) => release.service);
/** `+` is no character of a label. */
export const CHART_LABEL = new Builtin(`include "${PREFIX}chart" .`, ({ chart }) =>
  `${chart.name}-${chart.version}`.replaceAll('+', '_').slice(0, 63).replace(/-+$/, ''),
);
export const APP_VERSION = new Builtin('.Chart.AppVersion', ({ chart }) => chart.appVersion);
