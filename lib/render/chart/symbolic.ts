import type { CertificatePlan, CertificateSettings, Fleet, Plan, ServicePlan } from '../../fleet/index.js';
import { markChecked, resolve } from '../../fleet/resolve.js';
import { canonicalDuration } from '../../pki/index.js';
import { RELEASE_SERVICE } from './builtin.js';
import type { Call } from './call.js';
import { as, type Expression } from './expression.js';
import type { GlobalValues } from './global-values.js';
import { INDEX } from './node.js';
import { type ChartMode, type FleetPlans, withMode } from './plans.js';

import type { ServiceValues } from './service-values.js';
import { Tokens } from './tokens.js';

/** Above every duration that Go knows, so that no real one is taken for it. */
const FIRST_DURATION_TOKEN = 10_000_000_000;

/**
 * Plans whose names and texts hold tokens for the chart's values: what constructs make of such a plan is the chart's
 * tree. The constructs see nothing but a plan.
 */
export class SymbolicPlans {
  readonly tokens = new Tokens();
  private readonly plans: FleetPlans;
  private readonly global: GlobalValues;
  private readonly services: ReadonlyMap<string, ServiceValues>;
  private readonly names: Readonly<
    Record<
      | 'fleet'
      | 'namespace'
      | 'trustDomain'
      | 'clusterDomain'
      | 'certManagerNamespace'
      | 'certPath'
      | 'managedBy'
      | 'issuer'
      | 'issuerKind'
      | 'issuerGroup',
      string
    >
  >;
  private readonly durations = new Map<Call, number>();
  private readonly extraNames = new Map<string, string>();
  private readonly pods = new Map<string, string>();

  constructor(plans: FleetPlans, global: GlobalValues, services: readonly ServiceValues[]) {
    this.plans = plans;
    this.global = global;
    this.services = new Map(services.map(service => [service.name, service]));
    const { tokens } = this;
    const plan = plans.plan(plans.environments[0] ?? '');
    const { issuerRef } = plan.authority;
    this.names = {
      fleet: tokens.text(plan.fleet, global.fullname),
      namespace: tokens.text(plans.fleet.namespace, global.namespace),
      trustDomain: tokens.text(plan.trustDomain, global.trustDomain),
      clusterDomain: tokens.text(plan.clusterDomain, global.clusterDomain),
      certManagerNamespace: tokens.text(plan.certManagerNamespace, global.certManagerNamespace),
      certPath: tokens.text(plan.certPath, global.certPath),
      managedBy: tokens.text('managed-by', RELEASE_SERVICE),
      issuer: tokens.text(issuerRef.name, global.issuer),
      issuerKind: tokens.text(issuerRef.kind, global.issuerKind),
      issuerGroup: tokens.text(issuerRef.group, global.issuerGroup),
    };
  }

  /** The plan with names that the values decide; lifetimes are numbers still, since rules calculate with them. */
  readonly plan = cached((environment, mode) => this.makePlan(environment, mode));

  private makePlan(environment: string, mode: ChartMode): Plan {
    const plan = resolve(this.symbolicFleet(mode), environment);
    const { names, global } = this;
    return {
      ...plan,
      labels: { ...as<Record<string, string>>(global.commonLabels), ...plan.labels, 'app.kubernetes.io/managed-by': names.managedBy },
      authority: { ...plan.authority, issuerRef: { ...plan.authority.issuerRef, name: names.issuer } },
      issuance: global.issuance !== undefined,
      network: { ...plan.network, policies: true },
      monitoring: { ...plan.monitoring, enabled: true, selectorLabels: { ...as<Record<string, string>>(global.monitoring.labels) } },
      // its variables are a value of the chart
      services: plan.services.map(service => ({ ...service, workload: { ...service.workload, env: [] } })),
    };
  }

  /** The same with lifetimes and further names of certificates as values. */
  readonly requestPlan = cached((environment, mode) => this.makeRequestPlan(environment, mode));

  private makeRequestPlan(environment: string, mode: ChartMode): Plan {
    const plan = this.plan(environment, mode);
    return { ...plan, services: plan.services.map(service => ({ ...service, certificate: this.certificate(service) })) };
  }

  /** The same with the issuer's kind as a value too; issuance can't have that one, since its policies hang on it. */
  readonly identityPlan = cached((environment, mode) => this.makeIdentityPlan(environment, mode));

  private makeIdentityPlan(environment: string, mode: ChartMode): Plan {
    const plan = this.requestPlan(environment, mode);
    const { names } = this;
    return {
      ...plan,
      authority: { ...plan.authority, issuerRef: { name: names.issuer, kind: names.issuerKind, group: names.issuerGroup } },
    };
  }

  private symbolicFleet(mode: ChartMode): Fleet {
    const fleet = withDnsNames(withMode(this.plans.fleet, mode), dnsName => this.inNamespace(dnsName));
    const { fleet: name, namespace, trustDomain, clusterDomain, certManagerNamespace, certPath } = this.names;
    const environments = Object.entries(fleet.environments).map(
      ([key, { namespace: _, trustDomain: __, clusterDomain: ___, ...environment }]) => [key, environment] as const,
    );
    return markChecked({
      ...fleet,
      fleet: name,
      namespace,
      trustDomain,
      clusterDomain,
      certManagerNamespace,
      certPath,
      environments: Object.fromEntries(environments),
    });
  }

  /** A further name that was written for the fleet's own namespace follows it. */
  private inNamespace(dnsName: string): string {
    const { fleet } = this.plans;
    const own = `.${fleet.namespace}.svc.${fleet.clusterDomain ?? DEFAULT_CLUSTER_DOMAIN}`;
    return dnsName.endsWith(own) ? `${dnsName.slice(0, -own.length)}.${this.names.namespace}.svc.${this.names.clusterDomain}` : dnsName;
  }

  private certificate(service: ServicePlan): CertificatePlan {
    const values = this.services.get(service.name);
    if (values === undefined) throw new Error(`the chart has no values for service "${service.name}"`);
    const { certificate } = service;
    const dnsNames = this.withPodNames(service, values);
    const extra = values.certificate.extraDnsNames;
    return {
      ...certificate,
      dnsNames: extra === undefined ? dnsNames : [...dnsNames, this.remembered(this.extraNames, service.name, extra)],
      durationSeconds: this.durationToken(values.certificate.duration.canonical),
      renewBeforeSeconds:
        certificate.renewBeforeSeconds === undefined ? undefined : this.durationToken(values.certificate.renewBefore.canonical),
    };
  }

  /** A StatefulSet's pods have names of their own, as many as there are replicas. */
  private withPodNames(service: ServicePlan, values: ServiceValues): readonly string[] {
    const replicas = values.workload?.replicas;
    const [workload] = service.workload.names;
    const own = (name: string): boolean => name.startsWith(`${workload}-`) && name.endsWith(`.${service.fqdn}`);
    const { dnsNames } = service.certificate;
    if (!service.headless || service.workload.kind !== 'StatefulSet' || replicas === undefined) return dnsNames;
    const first = dnsNames.findIndex(own);
    const others = dnsNames.filter(name => !own(name));
    const at = first === -1 ? others.length : first;
    let token = this.pods.get(service.name);
    if (token === undefined) {
      const parts = [`${workload}-`, INDEX, ...this.tokens.parse(`.${service.fqdn}`)] as const;
      token = this.tokens.items(`${workload}-0.${service.name}`, { count: replicas, parts });
      this.pods.set(service.name, token);
    }
    return [...others.slice(0, at), token, ...others.slice(at)];
  }

  private remembered(known: Map<string, string>, name: string, value: Expression): string {
    const token = known.get(name) ?? this.tokens.items(`zz-${name}`, value);
    known.set(name, token);
    return token;
  }

  private durationToken(value: Call): number {
    const known = this.durations.get(value);
    if (known !== undefined) return known;
    const seconds = FIRST_DURATION_TOKEN + this.durations.size;
    this.durations.set(value, seconds);
    this.tokens.whole(canonicalDuration(seconds), value);
    return seconds;
  }
}

type PlanOf = (environment: string, mode: ChartMode) => Plan;

/** One plan a pair, however many planes and parts ask for it: what constructs remember of a plan holds on. */
function cached(make: PlanOf): PlanOf {
  const plans = new Map<string, Plan>();
  return (environment, mode) => {
    const key = `${environment} ${mode}`;
    const plan = plans.get(key) ?? make(environment, mode);
    plans.set(key, plan);
    return plan;
  };
}

const DEFAULT_CLUSTER_DOMAIN = 'cluster.local';

/** The fleet with every further DNS name of a certificate changed. */
function withDnsNames(fleet: Fleet, change: (dnsName: string) => string): Fleet {
  const certificate = <T extends CertificateSettings | undefined>(settings: T): T =>
    settings?.dnsNames === undefined ? settings : { ...settings, dnsNames: settings.dnsNames.map(change) };
  const entries = <T extends { readonly certificate?: CertificateSettings }>(services: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(
      Object.entries(services).map(([name, service]) => [
        name,
        service.certificate ? { ...service, certificate: certificate(service.certificate) } : service,
      ]),
    );
  const environments = Object.entries(fleet.environments).map(([name, environment]) => [
    name,
    {
      ...environment,
      ...(environment.certificates && { certificates: certificate(environment.certificates) }),
      ...(environment.services && { services: entries(environment.services) }),
    },
  ]);
  return {
    ...fleet,
    ...(fleet.certificates && { certificates: certificate(fleet.certificates) }),
    services: entries(fleet.services),
    environments: Object.fromEntries(environments),
  };
}
