import { safeRegExp } from './safe-regexp.js';

/** What a rule of a CertificateRequestPolicy may ask about. */
export interface CelContext {
  /** The value that the rule is about. */
  readonly self: string;
  readonly name: string;
  readonly namespace: string;
}

type Value = string | boolean | readonly Value[];
type Expression = (context: CelContext) => Value;

/**
 * A rule of approver-policy in the part of CEL that such rules are written in: comparisons, `in`, `&&`, `||`, `!`, `+`
 * and the methods of text, over `self`, `cr.name` and `cr.namespace`. Undefined for anything else: whoever asks must
 * then take the worse of both answers.
 */
export function compileCel(rule: string): { readonly holds: (context: CelContext) => boolean; readonly asksName: boolean } | undefined {
  const tokens = rule.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|&&|\|\||[=!]=|[A-Za-z_]\w*|\S/g) ?? [];
  try {
    const parser = new Parser(tokens);
    const expression = parser.whole();
    // a rule of the wrong type is found by one evaluation, for no branch depends on the values
    if (typeof expression({ self: '', name: '', namespace: '' }) !== 'boolean') return undefined;
    return { holds: context => expression(context) === true, asksName: parser.asksName };
  } catch (error) {
    if (error instanceof UnknownCel) return undefined;
    throw error;
  }
}

class UnknownCel extends Error {}

const METHODS: Readonly<Record<string, (text: string, argument: string) => boolean>> = {
  startsWith: (text, argument) => text.startsWith(argument),
  endsWith: (text, argument) => text.endsWith(argument),
  contains: (text, argument) => text.includes(argument),
};

/** Deeper than this nobody writes, and a hostile text must not use up the stack. */
const MOST_DEPTH = 50;

class Parser {
  asksName = false;
  #at = 0;
  #depth = 0;

  constructor(private readonly tokens: readonly string[]) {}

  whole(): Expression {
    const expression = this.#either();
    if (this.#at < this.tokens.length) throw new UnknownCel();
    return expression;
  }

  #either(): Expression {
    this.#depth += 1;
    if (this.#depth > MOST_DEPTH) throw new UnknownCel();
    let left = this.#both();
    while (this.#take('||')) left = join(left, this.#both(), (a, b) => bool(a) || bool(b));
    this.#depth -= 1;
    return left;
  }

  #both(): Expression {
    let left = this.#comparison();
    while (this.#take('&&')) left = join(left, this.#comparison(), (a, b) => bool(a) && bool(b));
    return left;
  }

  #comparison(): Expression {
    const left = this.#sum();
    if (this.#take('==')) return join(left, this.#sum(), (a, b) => text(a) === text(b));
    if (this.#take('!=')) return join(left, this.#sum(), (a, b) => text(a) !== text(b));
    if (this.#take('in')) return join(left, this.#sum(), (a, b) => list(b).includes(text(a)));
    return left;
  }

  #sum(): Expression {
    let left = this.#unary();
    while (this.#take('+')) left = join(left, this.#unary(), (a, b) => text(a) + text(b));
    return left;
  }

  #unary(): Expression {
    if (!this.#take('!')) return this.#member();
    this.#depth += 1;
    if (this.#depth > MOST_DEPTH) throw new UnknownCel();
    const inner = this.#unary();
    this.#depth -= 1;
    return context => !bool(inner(context));
  }

  #member(): Expression {
    let object = this.#primary();
    while (this.#take('.')) {
      const method = this.#next();
      this.#expect('(');
      const argument = this.#either();
      this.#expect(')');
      object = call(object, method, argument);
    }
    return object;
  }

  #primary(): Expression {
    const token = this.#next();
    if (token === '(') {
      const inner = this.#either();
      this.#expect(')');
      return inner;
    }
    if (token === '[') return this.#list();
    if (token === 'true' || token === 'false') return () => token === 'true';
    if (token === 'self') return ({ self }) => self;
    if (token === 'cr') {
      this.#expect('.');
      const field = this.#next();
      if (field === 'namespace') return ({ namespace }) => namespace;
      if (field !== 'name') throw new UnknownCel();
      this.asksName = true;
      return ({ name }) => name;
    }
    const literal = literalText(token);
    return () => literal;
  }

  #list(): Expression {
    const items: Expression[] = [];
    while (!this.#take(']')) {
      items.push(this.#either());
      if (this.#take(']')) break;
      this.#expect(',');
    }
    return context => items.map(item => item(context));
  }

  #next(): string {
    const token = this.tokens[this.#at];
    if (token === undefined) throw new UnknownCel();
    this.#at += 1;
    return token;
  }

  #take(token: string): boolean {
    if (this.tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new UnknownCel();
  }
}

/** Both sides are always evaluated, so that a wrong type anywhere shows at once. */
const join =
  (left: Expression, right: Expression, combine: (a: Value, b: Value) => Value): Expression =>
  context => {
    const [a, b] = [left(context), right(context)];
    return combine(a, b);
  };

function call(object: Expression, method: string, argument: Expression): Expression {
  if (method === 'matches') {
    // a pattern that depends on the request is one that nobody can check beforehand
    const pattern = text(argument({ self: '\0', name: '\0', namespace: '\0' }));
    const expression = safeRegExp(pattern);
    if (!expression) throw new UnknownCel();
    return context => expression.test(text(object(context)));
  }
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (!known) throw new UnknownCel();
  return context => known(text(object(context)), text(argument(context)));
}

/** A text between quotes; `\\`, `\'` and `\"` stand for the character, other escapes are left to CEL. */
function literalText(token: string): string {
  const quote = token[0];
  if ((quote !== "'" && quote !== '"') || token.length < 2 || !token.endsWith(quote)) throw new UnknownCel();
  const inner = token.slice(1, -1);
  if (/\\[^\\'"]/.test(inner.replaceAll('\\\\', ''))) throw new UnknownCel();
  return inner.replaceAll(/\\(.)/g, '$1');
}

function text(value: Value): string {
  if (typeof value !== 'string') throw new UnknownCel();
  return value;
}

function bool(value: Value): boolean {
  if (typeof value !== 'boolean') throw new UnknownCel();
  return value;
}

function list(value: Value): readonly Value[] {
  if (typeof value === 'string' || typeof value === 'boolean') throw new UnknownCel();
  return value;
}
