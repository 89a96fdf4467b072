import { DEFAULTS } from './settings.js';
import type { Environment, Fleet, Service } from './types.js';

export interface ServiceIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly spiffeId: string;
  readonly fqdn: string;
  /** Names under which callers reach it, shortest first, then one per pod for headless StatefulSets. */
  readonly dnsNames: readonly string[];
}

export const isHeadless = (service: Service): boolean =>
  service.headless ?? (service.workload === 'StatefulSet' || service.existing?.kind === 'StatefulSet');

/** Identity and names of a service in one environment. */
export function serviceIdentity(fleet: Fleet, env: Environment, name: string, service: Service): ServiceIdentity {
  const namespace = namespaceOf(fleet, env, name, service);
  const clusterDomain = env.clusterDomain ?? fleet.clusterDomain ?? DEFAULTS.clusterDomain;
  const trustDomain = env.trustDomain ?? fleet.trustDomain;
  const serviceAccount = service.serviceAccount ?? name;
  const fqdn = `${name}.${namespace}.svc.${clusterDomain}`;
  const replicas = env.services?.[name]?.replicas ?? service.replicas ?? (service.existing === undefined ? 1 : 0);
  const stateful = service.workload === 'StatefulSet' || service.existing?.kind === 'StatefulSet';
  const workload = service.existing?.names?.[0] ?? name;
  const pods = stateful && isHeadless(service) ? Array.from({ length: replicas }, (_, ordinal) => `${workload}-${ordinal}.${fqdn}`) : [];
  return {
    namespace,
    serviceAccount,
    spiffeId: `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
    fqdn,
    dnsNames: [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, fqdn, ...pods],
  };
}

export function namespaceOf(fleet: Fleet, env: Environment, name: string, service: Service): string {
  return env.services?.[name]?.namespace ?? (service.namespace !== undefined ? service.namespace : (env.namespace ?? fleet.namespace));
}
