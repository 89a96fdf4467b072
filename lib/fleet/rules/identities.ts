import { serviceIdentity } from '../identity.js';
import type { Issue } from '../issue.js';
import { show } from '../structure.js';
import type { Fleet } from '../types.js';

/** One identity, one service: the same SPIFFE ID or DNS name twice would let one pass for the other. */
export function* checkIdentities(fleet: Fleet): Iterable<Issue> {
  for (const [environment, env] of Object.entries(fleet.environments)) {
    const ids = new Map<string, string>();
    const names = new Map<string, string>();
    // whom a name belongs to is asked only for names that somebody wrote
    const extraNames = Object.entries(fleet.services).some(
      ([name, service]) => (service.certificate?.dnsNames ?? env.services?.[name]?.certificate?.dnsNames) !== undefined,
    );
    const secrets = new Map<string, string>();
    for (const [name, service] of Object.entries(fleet.services)) {
      const identity = serviceIdentity(fleet, env, name, service);
      const other = ids.get(identity.spiffeId);
      const at =
        service.serviceAccount === undefined ? { path: ['services', name], atKey: true } : { path: ['services', name, 'serviceAccount'] };
      if (other !== undefined)
        yield {
          ...at,
          message: `services "${other}" and "${name}" have one identity: ${identity.spiffeId}`,
          notes: ['a certificate of one would pass for the other: give each a ServiceAccount of its own'],
        };
      ids.set(identity.spiffeId, name);
      if (identity.fqdn.length > 253)
        yield {
          path: ['services', name],
          atKey: true,
          message: `DNS name of "${name}" has ${identity.fqdn.length} characters`,
          notes: ['at most 253 can be resolved: shorten clusterDomain, the namespace or the name'],
        };
      if (extraNames) for (const dnsName of identity.dnsNames) names.set(dnsName, name);
      for (const secret of [`${name}-tls`, ...(service.publicCertificate === undefined ? [] : [`${name}-public-tls`])]) {
        const key = `${identity.namespace}/${secret}`;
        const owner = secrets.get(key);
        if (owner !== undefined)
          yield {
            path: ['services', name],
            atKey: true,
            message: `services "${owner}" and "${name}" would both write Secret ${key}`,
            notes: ['rename one of them'],
          };
        secrets.set(key, name);
      }
    }
    const outside = new Map<string, string>();
    for (const [name, external] of Object.entries(fleet.externals ?? {})) {
      const twin = external.spiffeId === undefined ? undefined : outside.get(external.spiffeId);
      if (twin !== undefined)
        yield {
          path: ['externals', name, 'spiffeId'],
          message: `externals "${twin}" and "${name}" have one identity: ${show(external.spiffeId)}`,
          notes: ['one could pass for the other: give each a SPIFFE ID of its own'],
        };
      if (external.spiffeId !== undefined) outside.set(external.spiffeId, name);
      const owner = external.spiffeId === undefined ? undefined : ids.get(external.spiffeId);
      if (owner !== undefined)
        yield {
          path: ['externals', name, 'spiffeId'],
          message: `external "${name}" has the identity of service "${owner}"`,
          notes: ['it could pass for that service: give it a SPIFFE ID of its own'],
        };
    }
    for (const [name, service] of extraNames ? Object.entries(fleet.services) : []) {
      const extra = [...(service.certificate?.dnsNames ?? []).entries()].map(
        ([index, dnsName]) => [['services', name, 'certificate', 'dnsNames', index], dnsName] as const,
      );
      const override = [...(env.services?.[name]?.certificate?.dnsNames ?? []).entries()].map(
        ([index, dnsName]) => [['environments', environment, 'services', name, 'certificate', 'dnsNames', index], dnsName] as const,
      );
      for (const [path, dnsName] of [...extra, ...override]) {
        const owner = names.get(dnsName);
        if (owner !== undefined && owner !== name)
          yield {
            path,
            message: `DNS name "${dnsName}" of "${name}" is a name of service "${owner}"`,
            notes: ['it could pass for that service: remove it'],
          };
      }
    }
  }
}
