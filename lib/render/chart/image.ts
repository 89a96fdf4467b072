import { parenthesized } from './condition.js';
import { type Context, Expression, type Root } from './expression.js';
import type { Param } from './param.js';

export interface ImageParts {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** The parts of an image reference; the first of several path segments is a registry when it looks like a host. */
export function imageOf(reference: string): ImageParts {
  const [rest = '', digest = ''] = reference.split('@');
  const slash = rest.indexOf('/');
  const first = rest.slice(0, Math.max(slash, 0));
  const registry = slash > 0 && /[.:]|^localhost$/.test(first) ? first : '';
  const path = registry === '' ? rest : rest.slice(slash + 1);
  const colon = path.lastIndexOf(':');
  return colon === -1
    ? { registry, repository: path, tag: '', digest }
    : { registry, repository: path.slice(0, colon), tag: path.slice(colon + 1), digest };
}

/** The values of one image together, as the template that joins them takes them. */
export class ImageBlock extends Expression {
  readonly #parts: Readonly<Record<keyof ImageParts, Param>>;

  constructor(parts: Readonly<Record<keyof ImageParts, Param>>) {
    super(`image ${parts.repository.path}`, 'map');
    this.#parts = parts;
  }

  override evaluate(context: Context): ImageParts {
    const { registry, repository, tag, digest } = this.#parts;
    const text = (param: Param): string => String(param.evaluate(context) ?? '');
    return { registry: text(registry), repository: text(repository), tag: text(tag), digest: text(digest) };
  }

  override go(root: Root): string {
    const params = Object.entries(this.#parts);
    if (params.every(([, param]) => param.template === undefined)) return params[0]?.[1].go(root).replace(/\.[a-z]+$/, '') ?? '';
    return `dict ${params.map(([name, param]) => `"${name}" ${parenthesized(param.go(root))}`).join(' ')}`;
  }
}
