import { parseDuration } from '../../pki/index.js';
import { filled, goCondition, parenthesized } from './condition.js';
import type { Context } from './expression.js';
import { isOpen, PREFIX } from './param.js';
import type { CertificateDuration, ServiceValues } from './service-values.js';
import type { ChartTree } from './tree.js';

/** What no schema can say about values, because it takes two of them. */
export interface Guard {
  /** Go condition under which rendering fails. */
  readonly go: string;
  readonly message: string;
  readonly fails: (context: Context) => boolean;
}

const MINIMUM_DURATION = 3600;
const MINIMUM_RENEWAL = 300;

/** The values contradict each other. */
export class GuardError extends Error {}

/** @throws GuardError as `helm template` fails for the same values */
export function assertGuards(guards: readonly Guard[], context: Context): void {
  for (const guard of guards) if (guard.fails(context)) throw new GuardError(guard.message);
}

export function guardsOf(tree: ChartTree): Guard[] {
  return [issuerGuard(tree), ...issuanceGuards(tree), ...tree.services.flatMap(service => serviceGuards(service, tree))];
}

/** Nobody signs: the chart makes no issuer, and none is named. */
function issuerGuard({ global, plans }: ChartTree): Guard {
  const { enabled, createIssuer, issuerValue } = global;
  const external = plans.environments.every(name => plans.plan(name).authority.kind === 'external');
  const open = `not ${parenthesized(issuerValue.go('.'))}`;
  return {
    go: external ? 'false' : `and ${enabled.go('.')} (not ${createIssuer.go('.')}) (${open})`,
    message: 'global.mtls.issuer is empty and issuer.create is false, so nobody signs certificates: name your issuer in global.mtls.issuer',
    fails: context =>
      !external && enabled.evaluate(context) === true && createIssuer.evaluate(context) === false && isOpen(issuerValue.evaluate(context)),
  };
}

/** Policies leave issuers of other kinds to other teams, so an issuer of another kind would be everybody's. */
function issuanceGuards({ global }: ChartTree): Guard[] {
  return [global.issuerKind, global.issuerGroup].map(param => {
    const { value, fallback } = param.props;
    const given = param.goValue('.');
    const changed = fallback === undefined ? `ne ${given} ${JSON.stringify(value)}` : given;
    return {
      go: `and ${parenthesized(goCondition(filled(global.issuance), '.'))} ${parenthesized(changed)}`,
      message: `${param.path} can't be changed with issuance.enabled, whose policies are made for the fleet's own issuer: declare the issuer in the fleet`,
      fails: context =>
        global.issuance.evaluate(context) === true &&
        (fallback === undefined ? param.given(context) !== value : !isOpen(param.given(context))),
    };
  });
}

function serviceGuards(service: ServiceValues, { global }: ChartTree): Guard[] {
  const { duration, renewBefore } = service.certificate;
  const seconds = ({ value }: CertificateDuration, context: Context): number =>
    parseDuration(String(value.evaluate(context))) ?? Number.NaN;
  const goSeconds = ({ value }: CertificateDuration): string => `(include "${PREFIX}seconds" ${parenthesized(value.go('.'))} | int64)`;
  const on = `${global.enabled.go('.')} ${service.enabled.go('.')}`;
  const isOn = (context: Context): boolean => global.enabled.evaluate(context) === true && service.enabled.evaluate(context) === true;
  const path = `${service.key}.certificate`;
  return [
    {
      go: `and ${on} (lt ${goSeconds(duration)} (int64 ${MINIMUM_DURATION}))`,
      message: `${path}.duration is less than 1h, which cert-manager refuses`,
      fails: context => isOn(context) && seconds(duration, context) < MINIMUM_DURATION,
    },
    {
      // empty where a percentage of the lifetime says when to renew
      go: `and ${on} ${parenthesized(renewBefore.value.go('.'))} (or (lt ${goSeconds(renewBefore)} (int64 ${MINIMUM_RENEWAL})) (ge ${goSeconds(renewBefore)} ${goSeconds(duration)}))`,
      message: `${path}.renewBefore must be at least 5m and less than the duration`,
      fails: context => {
        const before = seconds(renewBefore, context);
        return isOn(context) && (before < MINIMUM_RENEWAL || before >= seconds(duration, context));
      },
    },
  ];
}
