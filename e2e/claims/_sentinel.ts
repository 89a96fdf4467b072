import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Context } from '../claim.js';
import { ROOT } from '../node/settings.js';

/** The Sentinel fleet as its own fleet.yaml says it, read here without the project's code. */
export const NAMESPACE = 'sentinel-system';
export const spiffeIdOf = (service: string, namespace = NAMESPACE): string => `spiffe://sentinel.internal/ns/${namespace}/sa/${service}`;
export const hostOf = (service: string): string => `${service}.${NAMESPACE}.svc.cluster.local`;

interface Service {
  readonly ports: Readonly<Record<string, { readonly port: number; readonly protocol: string }>>;
  /** `service:port` */
  readonly calls?: readonly string[];
}

export function services(): Readonly<Record<string, Service>> {
  return (parse(readFileSync(join(ROOT, 'fleet.yaml'), 'utf8')) as { services: Readonly<Record<string, Service>> }).services;
}

interface Call {
  readonly callee: string;
  readonly port: number;
}

/** Calls of a service that carry mutual TLS. */
export function declaredBy(caller: string): Call[] {
  const all = services();
  return (all[caller]?.calls ?? []).flatMap(call => {
    const [callee = '', name = ''] = call.split(':');
    const port = all[callee]?.ports[name];
    return port?.protocol === 'https' || port?.protocol === 'grpc' ? [{ callee, port: port.port }] : [];
  });
}

/** All of them, like `node-agent → control-api`. */
export const edges = (): string[] =>
  Object.keys(services()).flatMap(caller => declaredBy(caller).map(({ callee }) => `${caller} → ${callee}`));

/** The one pod of a service that is not on its way out. */
export function podOf({ kubectl }: Context, service: string): string {
  // an attacker's pod has a service's labels too
  const pod = kubectl
    .list('pods', '-n', NAMESPACE, '-l', `app=${service}`)
    .find(({ metadata }) => metadata.name.startsWith(`${service}-`) && metadata.deletionTimestamp === undefined);
  if (pod === undefined) throw new Error(`no pod of ${service}`);
  return pod.metadata.name;
}

export const podsOf = (context: Context): ReadonlyMap<string, string> =>
  new Map(Object.keys(services()).map(service => [service, podOf(context, service)]));
