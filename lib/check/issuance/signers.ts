import type { IssuerRef, Plan } from '../../fleet/plan.js';
import { apiGroup, isRecord, type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import { caCertificateOf } from '../../pki/authority-issuers.js';

/** An issuer whose certificates every process of the fleet believes. */
export interface Signer extends IssuerRef {
  /** Of a namespaced issuer: it serves that namespace alone. */
  readonly namespace: string | undefined;
}

/** The fleet's issuer and every rendered one that signs with the same key, or with one below the same root. */
export function signersOf(objects: ObjectSet, plan: Plan): readonly Signer[] {
  const { issuerRef, issuerNamespace } = plan.authority;
  const own: Signer = { ...issuerRef, namespace: issuerNamespace };
  const issuers = [...objects.ofKind('Issuer', 'cert-manager.io'), ...objects.ofKind('ClusterIssuer', 'cert-manager.io')];
  const rendered = issuers.find(object => isSame(object, own));
  const root = rendered && rootKey(objects, plan, rendered, []);
  const others = issuers.filter(object => object !== rendered && root !== undefined && rootKey(objects, plan, object, []) === root);
  return [own, ...others.map(signerOf)];
}

const isSame = (object: KubernetesObject, signer: Signer): boolean =>
  object.kind === signer.kind &&
  object.metadata.name === signer.name &&
  (signer.namespace === undefined || object.metadata.namespace === signer.namespace);

const signerOf = (object: KubernetesObject): Signer => ({
  name: object.metadata.name,
  kind: object.kind,
  group: apiGroup(object),
  namespace: object.kind === 'Issuer' ? (object.metadata.namespace ?? 'default') : undefined,
});

/** What says that two issuers lead to one root: the Secret of the root, or the role in Vault. Undefined where nothing does. */
function rootKey(objects: ObjectSet, plan: Plan, issuer: KubernetesObject, below: readonly string[]): string | undefined {
  const vault = valueAt(issuer, ['spec', 'vault']);
  // every role of a mount signs with the mount's key
  if (isRecord(vault)) return `vault ${String(vault.server)} ${String(vault.namespace ?? '')} ${String(vault.path).split('/sign/')[0]}`;
  const secretName = valueAt(issuer, ['spec', 'ca', 'secretName']);
  if (typeof secretName !== 'string') return undefined;
  const namespace = issuer.kind === 'ClusterIssuer' ? plan.certManagerNamespace : (issuer.metadata.namespace ?? 'default');
  const key = `Secret ${namespace}/${secretName}`;
  const certificate = caCertificateOf(objects, secretName, namespace);
  if (!certificate || below.includes(key)) return key;
  const ref = valueAt(certificate, ['spec', 'issuerRef']);
  const kind = valueAt(ref, ['kind']) ?? 'Issuer';
  const [name, group] = [valueAt(ref, ['name']), valueAt(ref, ['group']) ?? 'cert-manager.io'];
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof group !== 'string') return key;
  const above = objects.get(kind, kind === 'ClusterIssuer' ? undefined : certificate.metadata.namespace, name, group);
  return (above && rootKey(objects, plan, above, [...below, key])) ?? key;
}
