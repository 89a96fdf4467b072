import type { Expression } from './expression.js';
import { same } from './merge.js';
import { type Fallback, Param, type ParamProps, type ValueSchema } from './param.js';

/** Every value of one chart, in the order in which values.yaml shows them. */
export class Values {
  readonly params: Param[] = [];
  private readonly environments: readonly string[];
  private readonly paths = new Set<string>();
  /** Name of the environment; an environment decides what an empty value means. */
  private readonly environment: Expression;

  constructor(environments: readonly string[], environment: Param) {
    this.environments = environments;
    this.environment = environment;
    if (environments.length > 1) this.add(environment);
  }

  /** @throws Error for a path that is taken */
  param(props: ParamProps): Param {
    return this.add(new Param(props));
  }

  /** A value whose default is the environment's: empty in values.yaml where the environments differ. */
  ofEnvironment(props: Omit<ParamProps, 'value' | 'fallback'>, defaultOf: (environment: string) => unknown): Param {
    const values = Object.fromEntries(this.environments.map(name => [name, defaultOf(name)]));
    const [first] = Object.values(values);
    if (Object.values(values).every(value => same(value, first))) return this.param({ ...props, value: first });
    const fallback: Fallback = { kind: 'environment', environment: this.environment, values };
    const value = props.kind === 'string' ? '' : null;
    return this.param({ ...props, schema: open(props.schema, value), value, fallback });
  }

  private add(param: Param): Param {
    if (this.paths.has(param.path)) throw new Error(`two values of the chart are called "${param.path}"`);
    this.paths.add(param.path);
    this.params.push(param);
    return param;
  }
}

/** The schema of a value that may be left open. */
export const open = (schema: ValueSchema, empty: null | ''): ValueSchema => ({
  anyOf: [empty === null ? { type: 'null' } : { type: 'string', maxLength: 0 }, schema],
});
