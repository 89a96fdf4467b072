import { type FieldPath, isRecord, type KubernetesObject, valueAt } from '../../objects/index.js';
import { parseDuration } from '../../pki/index.js';
import { type CelContext, compileCel } from './cel.js';
import { matchesPattern } from './pattern.js';

/** Fields of `spec.allowed` that hold a list of names. */
export const NAME_FIELDS = ['uris', 'dnsNames', 'ipAddresses', 'emailAddresses'] as const;
export type NameField = (typeof NAME_FIELDS)[number];

/** A request as approver-policy sees it. */
export interface Request {
  readonly name: string;
  readonly namespace: string;
  readonly issuerRef: { readonly name: string; readonly kind: string; readonly group: string };
  readonly names: Readonly<Record<NameField, readonly string[]>>;
  readonly commonName: string | undefined;
  readonly subject: Readonly<Record<string, readonly string[]>>;
  readonly usages: readonly string[];
  readonly isCa: boolean;
  readonly durationSeconds: number;
  readonly key: { readonly algorithm: string; readonly size: number | undefined };
}

interface Allowed {
  readonly path: FieldPath;
  readonly required: boolean;
  /** Undefined: no value was given, so that validations alone decide. */
  readonly patterns: readonly string[] | undefined;
  readonly rules: readonly { readonly path: FieldPath; readonly compiled: ReturnType<typeof compileCel> }[];
}

/** A policy.cert-manager.io/v1alpha1 CertificateRequestPolicy. */
export class RequestPolicy {
  readonly name: string;
  /** Whether it matters what a request is called. */
  readonly asksName: boolean;
  /** Rules that are not evaluated; they are taken to hold. */
  readonly unknownRules: readonly FieldPath[];
  readonly #spec: unknown;
  readonly #names: Readonly<Record<NameField, Allowed | undefined>>;
  readonly #commonName: Allowed | undefined;
  readonly #namespaces: readonly string[] | undefined;
  /** Those that ask for the name of the request first: they refuse nearly every other. */
  readonly #required: readonly Allowed[];

  constructor(readonly object: KubernetesObject) {
    this.name = object.metadata.name;
    this.#spec = valueAt(object, ['spec']);
    this.#names = Object.fromEntries(NAME_FIELDS.map(field => [field, this.#allowed(field)])) as Record<NameField, Allowed | undefined>;
    this.#commonName = this.#allowed('commonName');
    const matchNames = valueAt(this.#spec, ['selector', 'namespace', 'matchNames']);
    this.#namespaces = Array.isArray(matchNames) && matchNames.length > 0 ? matchNames.filter(name => typeof name === 'string') : undefined;
    const all = [...NAME_FIELDS.map(field => this.#names[field]), this.#commonName];
    const asking = (allowed: Allowed): number => (allowed.rules.some(({ compiled }) => compiled?.asksName) ? 0 : 1);
    this.#required = all.flatMap(allowed => (allowed?.required ? [allowed] : [])).sort((a, b) => asking(a) - asking(b));
    this.asksName = all.some(allowed => allowed?.rules.some(({ compiled }) => compiled?.asksName));
    this.unknownRules = all.flatMap(allowed => (allowed?.rules ?? []).flatMap(({ path, compiled }) => (compiled ? [] : [path])));
  }

  /** A part that the selector leaves out, and `*`, match every issuer. */
  selectsIssuer(ref: Request['issuerRef']): boolean {
    return (['name', 'kind', 'group'] as const).every(part => {
      const wanted = valueAt(this.#spec, ['selector', 'issuerRef', part]);
      return typeof wanted !== 'string' || wanted === '' || matchesPattern(wanted, ref[part]);
    });
  }

  selectsNamespace(namespace: string, labels: Readonly<Record<string, string>>): boolean {
    if (this.#namespaces && !this.#namespaces.some(pattern => matchesPattern(pattern, namespace))) return false;
    const wanted = valueAt(this.#spec, ['selector', 'namespace', 'matchLabels']);
    return !isRecord(wanted) || Object.entries(wanted).every(([key, value]) => labels[key] === value);
  }

  /** Namespaces that are written out, and so are worth a look. */
  get namedNamespaces(): readonly string[] {
    return (this.#namespaces ?? []).filter(name => !name.includes('*'));
  }

  /** Values that are written out for a field, patterns included. */
  valuesOf(field: NameField): readonly string[] {
    return this.#names[field]?.patterns ?? [];
  }

  pathOf(field: NameField): FieldPath {
    return this.#names[field]?.path ?? ['spec', 'allowed'];
  }

  /** Whether some request with this name could be approved, as far as names decide. */
  isFeasible(at: Pick<CelContext, 'name' | 'namespace'>): boolean {
    return this.#required.every(allowed => {
      const values = (allowed?.patterns ?? ['*']).map(pattern => pattern.replaceAll('*', 'x'));
      return values.some(self => passes(allowed, { ...at, self }));
    });
  }

  /** Whether a name may stand in a field of a request. */
  allowsName(field: NameField, context: CelContext): boolean {
    return passes(this.#names[field], context);
  }

  /** Why a request is not approved, with the place; undefined when it is. Selectors were asked before. */
  objection(request: Request): { readonly path: FieldPath; readonly text: string } | undefined {
    const at = { name: request.name, namespace: request.namespace };
    for (const field of NAME_FIELDS) {
      const values = request.names[field];
      const allowed = this.#names[field];
      const path = allowed?.path ?? ['spec', 'allowed'];
      if (values.length === 0 && allowed?.required) return { path, text: `requires ${field}` };
      const refused = values.find(self => !passes(allowed, { ...at, self }));
      if (refused !== undefined) return { path, text: `does not allow ${field} ${refused}` };
    }
    return this.#subjectObjection(request, at) ?? this.#otherObjection(request);
  }

  #subjectObjection(request: Request, at: Pick<CelContext, 'name' | 'namespace'>): ReturnType<RequestPolicy['objection']> {
    const { commonName } = request;
    const path = this.#commonName?.path ?? ['spec', 'allowed'];
    if (commonName === undefined && this.#commonName?.required) return { path, text: 'requires a commonName' };
    if (commonName !== undefined && !passes(this.#commonName, { ...at, self: commonName }))
      return { path, text: `does not allow commonName ${commonName}` };
    const allowedSubject = valueAt(this.#spec, ['allowed', 'subject']);
    const fields = new Set([...Object.keys(request.subject), ...(isRecord(allowedSubject) ? Object.keys(allowedSubject) : [])]);
    for (const field of fields) {
      const allowed = this.#allowed(`subject.${field}`);
      const values = request.subject[field] ?? [];
      const at_ = allowed?.path ?? ['spec', 'allowed', 'subject'];
      if (values.length === 0 && allowed?.required) return { path: at_, text: `requires subject.${field}` };
      if (values.some(self => !passes(allowed, { ...at, self }))) return { path: at_, text: `does not allow subject.${field}` };
    }
    return undefined;
  }

  #otherObjection({ usages, isCa, durationSeconds, key }: Request): ReturnType<RequestPolicy['objection']> {
    const list = valueAt(this.#spec, ['allowed', 'usages']);
    const allowed: readonly unknown[] = Array.isArray(list) ? list : [];
    const usage = usages.find(each => !allowed.includes(each));
    if (usage !== undefined) return { path: ['spec', 'allowed', 'usages'], text: `does not allow usage ${usage}` };
    if (isCa && valueAt(this.#spec, ['allowed', 'isCA']) !== true)
      return { path: ['spec', 'allowed', 'isCA'], text: 'does not allow a CA' };
    const seconds = (field: string): number | undefined => {
      const text = valueAt(this.#spec, ['constraints', field]);
      return typeof text === 'string' ? parseDuration(text) : undefined;
    };
    const [least, most] = [seconds('minDuration'), seconds('maxDuration')];
    if (least !== undefined && durationSeconds < least)
      return { path: ['spec', 'constraints', 'minDuration'], text: 'wants a longer duration' };
    if (most !== undefined && durationSeconds > most)
      return { path: ['spec', 'constraints', 'maxDuration'], text: 'wants a shorter duration' };
    return this.#keyObjection(key);
  }

  #keyObjection(key: Request['key']): ReturnType<RequestPolicy['objection']> {
    const path = ['spec', 'constraints', 'privateKey'];
    const wanted = valueAt(this.#spec, ['constraints', 'privateKey']);
    const algorithm = valueAt(wanted, ['algorithm']);
    if (typeof algorithm === 'string' && algorithm !== key.algorithm)
      return { path: [...path, 'algorithm'], text: `wants a key of ${algorithm}` };
    const [least, most] = [valueAt(wanted, ['minSize']), valueAt(wanted, ['maxSize'])];
    if (key.size === undefined) return undefined;
    if (typeof least === 'number' && key.size < least) return { path: [...path, 'minSize'], text: `wants a key of at least ${least} bits` };
    if (typeof most === 'number' && key.size > most) return { path: [...path, 'maxSize'], text: `wants a key of at most ${most} bits` };
    return undefined;
  }

  #allowed(field: string): Allowed | undefined {
    const path = ['spec', 'allowed', ...field.split('.')];
    const value = valueAt(this.object, path);
    if (!isRecord(value)) return undefined;
    const single = typeof value.value === 'string' ? [value.value] : undefined;
    const several = Array.isArray(value.values) ? value.values.filter(text => typeof text === 'string') : undefined;
    const validations: readonly unknown[] = Array.isArray(value.validations) ? value.validations : [];
    const rules = validations.map((validation, index) => {
      const rule = valueAt(validation, ['rule']);
      return { path: [...path, 'validations', index, 'rule'], compiled: typeof rule === 'string' ? compileCel(rule) : undefined };
    });
    return { path, required: value.required === true, patterns: single ?? several, rules };
  }
}

/** Without an entry in `allowed` nothing may stand in the field. An unknown rule is taken to hold. */
function passes(allowed: Allowed | undefined, context: CelContext): boolean {
  if (!allowed) return false;
  const { patterns, rules } = allowed;
  if (patterns === undefined && rules.length === 0) return false;
  return (
    (patterns === undefined || patterns.some(pattern => matchesPattern(pattern, context.self))) &&
    rules.every(({ compiled }) => compiled === undefined || compiled.holds(context))
  );
}
