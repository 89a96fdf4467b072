import { parseDuration } from '../../pki/index.js';
import { filled, goCondition, parenthesized } from './condition.js';
import type { Context } from './expression.js';
import { isOpen, PREFIX } from './param.js';
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
  return [...issuerGuards(tree), ...issuanceGuards(tree), ...tree.services.map(service => certificateGuard(service, tree))];
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
      `and ${enabled.go('.')} (not ${createIssuer.go('.')}) (not ${parenthesized(issuerValue.go('.'))})`,
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
    const given = param.goValue('.');
    const changed = fallback === undefined ? `ne ${given} ${JSON.stringify(value)}` : given;
    return simple(
      `and ${parenthesized(goCondition(filled(issuance), '.'))} ${parenthesized(changed)}`,
      `${param.path} can't be changed with issuance.enabled, whose policies are made for the fleet's own issuer: declare the issuer in the fleet`,
      context =>
        issuance.evaluate(context) === true && (fallback === undefined ? param.given(context) !== value : !isOpen(param.given(context))),
    );
  });
}

/** `.` is a list: path of the block, whether it counts, duration, renewBefore (empty where a percentage takes its place). */
export const VALIDATE_CERTIFICATE = `{{- $path := index . 0 -}}
{{- if index . 1 -}}
{{- $duration := include "${PREFIX}seconds" (index . 2) | int64 -}}
{{- if lt $duration (int64 ${MINIMUM_DURATION}) }}{{ fail (printf "%s.duration is less than 1h, which cert-manager refuses" $path) }}{{ end -}}
{{- with index . 3 -}}
{{- $before := include "${PREFIX}seconds" . | int64 -}}
{{- if or (lt $before (int64 ${MINIMUM_RENEWAL})) (ge $before $duration) }}{{ fail (printf "%s.renewBefore must be at least 5m and less than the duration" $path) }}{{ end -}}
{{- end -}}
{{- end -}}`;

function certificateGuard(service: ServiceValues, { global }: ChartTree): Guard {
  const { duration, renewBefore } = service.certificate;
  const seconds = ({ value }: CertificateDuration, context: Context): number =>
    parseDuration(String(value.evaluate(context))) ?? Number.NaN;
  const path = `${service.key}.certificate`;
  const on = `(and ${global.enabled.go('.')} ${service.enabled.go('.')})`;
  const args = [duration, renewBefore].map(({ value }) => parenthesized(value.go('.'))).join(' ');
  return {
    template: `{{- include "${PREFIX}validateCertificate" (list "${path}" ${on} ${args}) }}\n`,
    fails: context => {
      if (global.enabled.evaluate(context) !== true || service.enabled.evaluate(context) !== true) return undefined;
      const [lifetime, before] = [seconds(duration, context), seconds(renewBefore, context)];
      if (lifetime < MINIMUM_DURATION) return `${path}.duration is less than 1h, which cert-manager refuses`;
      return before < MINIMUM_RENEWAL || before >= lifetime
        ? `${path}.renewBefore must be at least 5m and less than the duration`
        : undefined;
    },
  };
}
