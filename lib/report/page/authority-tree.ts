import type { CaCertificatePlan, Plan } from '../../fleet/index.js';
import { durationText } from '../durations.js';

/** Somebody who signs, and what hangs below. */
export interface AuthorityNode {
  readonly name: string;
  /** What it is and where its key lies, one fact a text. */
  readonly facts: readonly string[];
  readonly children: readonly AuthorityNode[];
}

/** Who signs whom in one environment; the leaves are counted by their lifetime. */
export function authorityTree(plan: Plan): readonly AuthorityNode[] {
  const leaves = leafGroups(plan);
  const roots = [internal(plan, leaves)];
  const open = plan.services.filter(({ publicCertificate }) => publicCertificate !== undefined);
  if (plan.publicAuthority && open.length > 0)
    roots.push({
      name: plan.publicAuthority.issuerRef.name,
      facts: ['ACME, for public names only', plan.publicAuthority.server, 'the server decides how long a certificate lives'],
      children: open.map(({ name, publicCertificate }) => ({
        name: publicCertificate?.secretName ?? name,
        facts: publicCertificate?.dnsNames ?? [],
        children: [],
      })),
    });
  return roots;
}

function internal({ authority, bundle }: Plan, leaves: readonly AuthorityNode[]): AuthorityNode {
  const trusted = `trusted through ${bundle.name}`;
  const issuer = `signs as ${authority.issuerRef.kind} ${authority.issuerRef.name}`;
  switch (authority.kind) {
    case 'selfSigned': {
      const { root, intermediate } = authority;
      if (intermediate === undefined)
        return { name: root.commonName, facts: ['root', trusted, issuer, ...caFacts(root)], children: leaves };
      const below = { name: intermediate.commonName, facts: ['intermediate', issuer, ...caFacts(intermediate)], children: leaves };
      return { name: root.commonName, facts: ['root', trusted, ...caFacts(root)], children: [below] };
    }
    case 'existing':
      return { name: `CA in Secret ${authority.secretName}`, facts: ['made by somebody else', trusted, issuer], children: leaves };
    case 'vault':
      return {
        name: `Vault ${authority.vault.path}`,
        facts: [authority.vault.server, 'its key stays in Vault', trusted, issuer],
        children: leaves,
      };
    case 'external': {
      const { group, kind, name } = authority.issuerRef;
      return { name: `${kind} ${name}`, facts: [`issuer of ${group}`, trusted], children: leaves };
    }
  }
}

const caFacts = ({ durationSeconds, renewBeforeSeconds, key, namespace, secretName }: CaCertificatePlan): readonly string[] => [
  `lives ${durationText(durationSeconds)}, renewed with ${durationText(renewBeforeSeconds)} left`,
  `${key.algorithm}${key.size === undefined ? '' : ` ${key.size}`}, ${key.rotationPolicy === 'Always' ? 'new at each renewal' : 'kept at renewal'}`,
  `key in Secret ${namespace}/${secretName}`,
];

/** A tree of 500 leaves tells nobody anything: those that live equally long are one line. */
function leafGroups({ services }: Plan): readonly AuthorityNode[] {
  const groups = new Map<number, string[]>();
  for (const { name, certificate } of services) {
    const group = groups.get(certificate.durationSeconds);
    if (group) group.push(name);
    else groups.set(certificate.durationSeconds, [name]);
  }
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([seconds, names]) => ({
      name: `${names.length} service ${names.length === 1 ? 'certificate' : 'certificates'}`,
      facts: [`lives ${durationText(seconds)}`, few(names)],
      children: [],
    }));
}

const SHOWN = 6;

const few = (names: readonly string[]): string =>
  names.length <= SHOWN ? names.join(', ') : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;
