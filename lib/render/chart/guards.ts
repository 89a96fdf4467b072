import { parseDuration } from '../../pki/index.js';
import { filled, goCondition, parenthesized } from './condition.js';
import { type Context, type Root, TOP } from './expression.js';
import type { GlobalValues } from './global-values.js';
import { isOpen, type Param, PREFIX } from './param.js';
import type { CertificateDuration, ServiceValues } from './service-values.js';
import type { ChartTree } from './tree.js';

/** What no schema can say about values, because it takes two of them. */
export interface Guard {
  /** Lines of a template that print nothing, and fail for wrong values. */
  readonly template: string;
  /** What is wrong with the values; undefined when nothing is. */
  readonly fails: (context: Context) => string | undefined;
}

const MINIMUM_DURATION = 3600;
const MINIMUM_RENEWAL = 300;

/** The values contradict each other. */
export class GuardError extends Error {}

/** @throws GuardError as `helm template` fails for the same values */
export function assertGuards(guards: readonly Guard[], context: Context): void {
  for (const guard of guards) {
    const message = guard.fails(context);
    if (message !== undefined) throw new GuardError(message);
  }
}

export function guardsOf(tree: ChartTree): Guard[] {
  return [...issuerGuards(tree), ...issuanceGuards(tree), ...certificateGuards(tree)];
}

/** A guard of one condition. */
const simple = (go: string, message: string, fails: (context: Context) => boolean): Guard => ({
  template: `{{- if ${go} }}{{ fail ${JSON.stringify(message)} }}{{ end }}\n`,
  fails: context => (fails(context) ? message : undefined),
});

/** Nobody signs: the chart makes no issuer, and none is named. */
function issuerGuards({ global, plans }: ChartTree): Guard[] {
  const { enabled, createIssuer, issuerValue } = global;
  if (plans.environments.every(name => plans.plan(name).authority.kind === 'external')) return [];
  return [
    simple(
      `and ${enabled.go(TOP)} (not ${createIssuer.go(TOP)}) (not ${parenthesized(issuerValue.go(TOP))})`,
      'global.mtls.issuer is empty and issuer.create is false, so nobody signs certificates: name your issuer in global.mtls.issuer',
      context => enabled.evaluate(context) === true && createIssuer.evaluate(context) === false && isOpen(issuerValue.evaluate(context)),
    ),
  ];
}

/** Policies leave issuers of other kinds to other teams, so an issuer of another kind would be everybody's. */
function issuanceGuards({ global }: ChartTree): Guard[] {
  const { issuance } = global;
  if (issuance === undefined) return [];
  return [global.issuerKind, global.issuerGroup].map(param => {
    const { value, fallback } = param.props;
    const given = param.goValue(TOP);
    const changed = fallback === undefined ? `ne ${given} ${JSON.stringify(value)}` : given;
    return simple(
      `and ${parenthesized(goCondition(filled(issuance), TOP))} ${parenthesized(changed)}`,
      `${param.path} can't be changed with issuance.enabled, whose policies are made for the fleet's own issuer: declare the issuer in the fleet`,
      context =>
        issuance.evaluate(context) === true && (fallback === undefined ? param.given(context) !== value : !isOpen(param.given(context))),
    );
  });
}

/** `.` is a list: path of each of the two values, duration, renewBefore (empty where a percentage takes its place). */
export const VALIDATE_CERTIFICATE = `{{- $duration := include "${PREFIX}seconds" (index . 2) | int64 -}}
{{- if lt $duration (int64 ${MINIMUM_DURATION}) }}{{ fail (printf "%s is less than 1h, which cert-manager refuses" (index . 0)) }}{{ end -}}
{{- $path := index . 1 -}}
{{- with index . 3 -}}
{{- $before := include "${PREFIX}seconds" . | int64 -}}
{{- if or (lt $before (int64 ${MINIMUM_RENEWAL})) (ge $before $duration) }}{{ fail (printf "%s must be at least 5m and less than the duration" $path) }}{{ end -}}
{{- end -}}`;

/** Lifetimes that all certificates have, and those of services that have their own. */
function certificateGuards({ global, services }: ChartTree): Guard[] {
  const inheriting = services.filter(({ certificate }) => inherits(certificate.duration) && inherits(certificate.renewBefore));
  const others = services.filter(service => !inheriting.includes(service));
  const [first] = inheriting;
  return [
    ...(first === undefined ? [] : [usualGuard(global), inheritingGuard(inheriting, first, global)]),
    ...others.map(service => {
      const pair = pairOf(service);
      const test = `and ${global.enabled.go(TOP)} ${service.enabled.go(TOP)}`;
      const paths = pair.map(({ path }) => JSON.stringify(path));
      return {
        template: `{{- if ${test} }}${validation(paths, pair, TOP)}{{ end }}\n`,
        fails: failure(pair, [global.enabled, service.enabled]),
      };
    }),
  ];
}

function usualGuard({ certificateDuration, certificateRenewBefore, enabled }: GlobalValues): Guard {
  const pair: Lifetimes = [certificateDuration, certificateRenewBefore];
  const paths = pair.map(({ path }) => JSON.stringify(path));
  return { template: `{{- if ${enabled.go(TOP)} }}${validation(paths, pair, TOP)}{{ end }}\n`, fails: failure(pair, [enabled]) };
}

/** Services whose lifetimes are those of all unless somebody sets them, in one loop: there may be hundreds. */
function inheritingGuard(services: readonly ServiceValues[], first: ServiceValues, { enabled }: GlobalValues): Guard {
  const root: Root = { dot: '$', block: { key: first.key, name: '' } };
  const pair = pairOf(first);
  const given = pair.map(param => param.goValue(root)).join(' ');
  const paths = pair.map(({ path }) => `(printf "%s${path.slice(first.key.length)}" $key)`);
  const all = services.map(service => {
    const own = pairOf(service);
    const fails = failure(own, [enabled, service.enabled]);
    return (context: Context) => (own.every(param => isOpen(param.given(context))) ? undefined : fails(context));
  });
  return {
    template: `{{- range $key := list ${services.map(({ key }) => JSON.stringify(key)).join(' ')} }}
{{- with index $.Values $key }}
{{- if and ${enabled.go(root)} ${first.enabled.go(root)} (or ${given}) }}${validation(paths, pair, root)}{{ end }}
{{- end }}
{{- end }}
`,
    fails: context => {
      for (const fails of all) {
        const message = fails(context);
        if (message !== undefined) return message;
      }
      return undefined;
    },
  };
}

/** duration and renewBefore */
type Lifetimes = readonly [Param, Param];

const inherits = ({ value }: CertificateDuration): boolean => value.props.fallback?.kind === 'expression';

const pairOf = ({ certificate }: ServiceValues): Lifetimes => [certificate.duration.value, certificate.renewBefore.value];

const validation = (paths: readonly string[], pair: Lifetimes, root: Root): string =>
  `{{ include "${PREFIX}validateCertificate" (list ${[...paths, ...pair.map(param => parenthesized(param.go(root)))].join(' ')}) }}`;

/** The same as the template of that name. @param on switches, without which nothing is wrong */
function failure([duration, renewBefore]: Lifetimes, on: readonly Param[]): Guard['fails'] {
  const secondsOf = (param: Param, context: Context): number => parseDuration(String(param.evaluate(context))) ?? Number.NaN;
  return context => {
    if (!on.every(param => param.evaluate(context) === true)) return undefined;
    const [lifetime, before] = [secondsOf(duration, context), secondsOf(renewBefore, context)];
    if (lifetime < MINIMUM_DURATION) return `${duration.path} is less than 1h, which cert-manager refuses`;
    return before < MINIMUM_RENEWAL || before >= lifetime
      ? `${renewBefore.path} must be at least 5m and less than the duration`
      : undefined;
  };
}
