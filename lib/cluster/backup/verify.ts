import { type KubernetesObject, ObjectSet, objectName } from '../../objects/index.js';
import { textAt } from '../_values.js';
import { type PublicSecret, publicSecret } from '../snapshot/index.js';
import { isSelfSigned, isSignedBy, notAfter } from '../state/index.js';
import { chainAt } from '../state/pem.js';
import type { Backup } from './contents.js';

/** One thing in a backup, and what is wrong with it; nothing when it is whole. */
export interface Verified {
  readonly object: string;
  /** Of an authority: its name and end. */
  readonly about: string;
  readonly problems: readonly string[];
}

/** Whether an empty cluster could issue again from this: keys fit, chains lead to roots, and nothing that is named is missing. */
export function verifyBackup(backup: Backup, now = Date.now()): Verified[] {
  const objects = ObjectSet.from(backup.objects);
  const secrets = new Map(objects.ofKind('Secret').map(secret => [keyOf(secret), publicSecret(secret)]));
  return backup.objects.map(object => {
    const secret = secrets.get(keyOf(object));
    if (object.kind === 'Secret' && secret !== undefined) return authority(secret, now);
    const missing = secretsOf(object, backup).filter(key => !secrets.has(key));
    return { object: objectName(object), about: '', problems: missing.map(key => `Secret ${key}, which it names, is not in the backup`) };
  });
}

const keyOf = ({ metadata: { namespace = '', name } }: KubernetesObject): string => `${namespace}/${name}`;

function secretsOf(object: KubernetesObject, backup: Backup): string[] {
  const namespace = object.metadata.namespace ?? backup.clusterResourceNamespace;
  const name = object.kind === 'Certificate' ? textAt(object, 'spec', 'secretName') : textAt(object, 'spec', 'ca', 'secretName');
  return ['Certificate', 'Issuer', 'ClusterIssuer'].includes(object.kind) && name !== '' ? [`${namespace}/${name}`] : [];
}

function authority(secret: PublicSecret, now: number): Verified {
  const { certificates } = chainAt(secret, 'tls.crt');
  const above = chainAt(secret, 'ca.crt').certificates;
  const [signer] = certificates;
  const object = objectName(secret);
  if (signer === undefined) return { object, about: '', problems: ['it has no certificate in tls.crt'] };
  const key = secret.held['tls.key'];
  const problems = [
    ...(key?.fits === true ? [] : [key === undefined ? 'it has no tls.key' : 'tls.key is not the key of its certificate']),
    ...(signer.ca ? [] : ['its certificate is no authority']),
    ...(notAfter(signer) > now ? [] : [`its certificate ended on ${signer.validTo}`]),
    ...(leadsToRoot(signer, [...certificates.slice(1), ...above]) ? [] : ['its chain does not lead to a root']),
  ];
  return { object, about: `${signer.subject.replaceAll('\n', ', ')}, until ${signer.validTo}`, problems };
}

type Certificate = ReturnType<typeof chainAt>['certificates'][number];

function leadsToRoot(signer: Certificate, others: readonly Certificate[]): boolean {
  let current: Certificate | undefined = signer;
  // each step takes another certificate, so that a ring ends too
  for (let left = others.length + 1; current !== undefined && left > 0; left--) {
    if (isSelfSigned(current)) return true;
    const child: Certificate = current;
    current = others.find(candidate => isSignedBy(child, candidate));
  }
  return false;
}
