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

/** Declared calls with mutual TLS, like `node-agent → control-api`. */
export function edges(): string[] {
  const all = services();
  return Object.entries(all).flatMap(([caller, { calls = [] }]) =>
    calls.flatMap(call => {
      const [callee = '', port = ''] = call.split(':');
      const protocol = all[callee]?.ports[port]?.protocol;
      return protocol === 'https' || protocol === 'grpc' ? [`${caller} → ${callee}`] : [];
    }),
  );
}

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
