import { isPublicDnsName } from '../../../pki/index.js';

/** The domain that nearly every cluster has. */
export const CLUSTER_DOMAIN = 'cluster.local';

/** Whether a name means something inside of a cluster or a private network alone. */
export const isInternalName = (name: string): boolean => !isPublicDnsName(name, CLUSTER_DOMAIN);

/** The names by which clients in the cluster reach a Service. */
export function serviceNames({ name, namespace }: { readonly name: string; readonly namespace: string }): string[] {
  return [name, `${name}.${namespace}`, `${name}.${namespace}.svc`, `${name}.${namespace}.svc.${CLUSTER_DOMAIN}`];
}

/** Whether a name of a certificate stands for a host (RFC 6125 6.4: a wildcard is one label). */
export function nameMatches(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern.toLowerCase() === host;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot) === pattern.slice(1).toLowerCase();
}
