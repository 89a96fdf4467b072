import { type KubernetesObject, type ObjectSet, objectName, valueAt } from '../objects/index.js';
import type { CertificateRequest } from './authority-request.js';

type IssuerRef = CertificateRequest['issuerRef'];

/** How the manifests say that an issuer signs. */
export type IssuerSource =
  | { readonly kind: 'selfSigned' }
  /** The CA Certificate that writes the issuer's Secret. */
  | { readonly kind: 'ca'; readonly certificate: KubernetesObject }
  /** Nothing rendered holds its key: an embedded root plays it. */
  | { readonly kind: 'standIn'; readonly issuer: string; readonly reason: string };

export interface IssuerScope {
  /** Namespace of the Certificate, where a namespaced Issuer is looked for. */
  readonly namespace: string | undefined;
  /** Where cert-manager keeps the Secrets of ClusterIssuers. */
  readonly clusterResourceNamespace: string;
}

/** Finds the issuer of a Certificate among rendered objects. */
export function issuerSource(objects: ObjectSet, ref: IssuerRef, scope: IssuerScope): IssuerSource {
  const namespace = ref.kind === 'ClusterIssuer' ? undefined : scope.namespace;
  const issuer = `${ref.kind} ${ref.name}`;
  const found = objects.get(ref.kind, namespace, ref.name, ref.group);
  if (!found) return { kind: 'standIn', issuer, reason: 'it is not among the manifests' };
  if (valueAt(found, ['spec', 'selfSigned']) !== undefined) return { kind: 'selfSigned' };
  const secretName = valueAt(found, ['spec', 'ca', 'secretName']);
  if (typeof secretName === 'string') {
    const certificate = caCertificateOf(objects, secretName, namespace ?? scope.clusterResourceNamespace);
    if (certificate) return { kind: 'ca', certificate };
    return { kind: 'standIn', issuer, reason: `no CA Certificate among the manifests writes its Secret ${secretName}` };
  }
  const kind = ['vault', 'acme', 'venafi'].find(name => valueAt(found, ['spec', name]) !== undefined);
  return { kind: 'standIn', issuer, reason: kind === undefined ? `${objectName(found)} has no known spec` : `${kind} holds its key` };
}

/** The CA Certificate that writes a Secret; the first of several. */
export const caCertificateOf = (objects: ObjectSet, secretName: string, namespace: string): KubernetesObject | undefined =>
  caCertificatesOf(objects).get(secretKey(namespace, secretName));

const authorities = new WeakMap<ObjectSet, ReadonlyMap<string, KubernetesObject>>();

/** Authorities are few, and every leaf asks for its own: by the Secret that they write, made once a set. */
function caCertificatesOf(objects: ObjectSet): ReadonlyMap<string, KubernetesObject> {
  const known = authorities.get(objects);
  if (known) return known;
  const found = new Map<string, KubernetesObject>();
  for (const object of objects.ofKind('Certificate', 'cert-manager.io')) {
    const secretName = valueAt(object, ['spec', 'secretName']);
    const { namespace } = object.metadata;
    if (valueAt(object, ['spec', 'isCA']) !== true || typeof secretName !== 'string' || namespace === undefined) continue;
    const key = secretKey(namespace, secretName);
    if (!found.has(key)) found.set(key, object);
  }
  authorities.set(objects, found);
  return found;
}

const secretKey = (namespace: string, name: string): string => JSON.stringify([namespace, name]);
