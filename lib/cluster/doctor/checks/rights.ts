import { objectName } from '../../../objects/index.js';
import type { Living } from '../../state/index.js';
import { FLEET_LABEL } from '../../status/index.js';
import { byRule } from '../_by-rule.js';
import { type Reader, secretReaders } from '../_rights.js';
import { authorities } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const section = 'rights' as const;
const needs = [NEEDS.roles, NEEDS.bindings, NEEDS.clusterRoles, NEEDS.clusterBindings];

/** Accounts of cert-manager and its companions need the right. */
function strangers(living: Living): Reader[] {
  const own = new Set(living.installed.map(({ namespace, serviceAccount }) => `ServiceAccount ${namespace}/${serviceAccount}`));
  return secretReaders(living.objects).filter(({ subject }) => !own.has(subject));
}

const reads = (reader: Reader, namespace: string, name: string): boolean =>
  (reader.namespace === undefined || reader.namespace === namespace) && (reader.names === undefined || reader.names.includes(name));

export const RIGHTS: readonly Check[] = [
  {
    code: 'SMT-D024',
    name: 'authority-key-readable',
    section,
    level: 'error',
    title: 'nobody but cert-manager may read the key of an authority',
    why: 'whoever reads it can be any service of the fleet, until the root is replaced.',
    next: 'take the right away: narrow the role with resourceNames, or bind it in other namespaces',
    needs: [...needs, NEEDS.issuers, NEEDS.clusterIssuers, NEEDS.secrets],
    *find(living) {
      const readers = strangers(living);
      const told = new Set<string>();
      for (const { authority } of authorities(living)) {
        const { namespace = '', name } = authority.secret.metadata;
        for (const reader of readers) {
          const key = `${reader.subject} ${namespace}/${name}`;
          if (!reads(reader, namespace, name) || told.has(key)) continue;
          told.add(key);
          yield { object: `Secret ${namespace}/${name}`, evidence: `${reader.subject} may read it, by ${objectName(reader.binding)}` };
        }
      }
    },
  },
  byRule(
    {
      code: 'SMT-D110',
      name: 'authority-key-beside-workloads',
      section,
      level: 'error',
      title: 'keys of authorities lie apart from workloads',
      why: 'who may make pods in the namespace can mount it.',
      next: 'use a ClusterIssuer, whose Secret is in the namespace of cert-manager',
      needs: [NEEDS.issuers, NEEDS.clusterIssuers, NEEDS.deployments, NEEDS.certificates],
    },
    'SMT-C017',
  ),
  {
    code: 'SMT-D111',
    name: 'leaf-keys-readable',
    section,
    level: 'warning',
    title: 'nobody else may read the keys of a fleet',
    why: 'whoever reads a key has the identity that it stands for.',
    next: 'take the right away, or narrow it with resourceNames; whoever may make pods in the namespace can read them too',
    needs: [...needs, NEEDS.certificates],
    *find(living) {
      const secrets = living.certificates.filter(({ object, isCA }) => !isCA && object.metadata.labels?.[FLEET_LABEL] !== undefined);
      for (const reader of strangers(living)) {
        const readable = secrets.filter(({ namespace, secretName }) => reads(reader, namespace, secretName));
        if (readable.length === 0) continue;
        const where = [...new Set(readable.map(({ namespace }) => namespace))];
        yield {
          object: objectName(reader.binding),
          evidence: `${reader.subject} may read ${readable.length} keys in ${where.slice(0, 3).join(', ')}${where.length > 3 ? ` and ${where.length - 3} more namespaces` : ''}`,
        };
      }
    },
  },
];
