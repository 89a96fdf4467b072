import type { Plan, ServicePlan } from '../../fleet/plan.js';
import { isRecord, type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import { caCertificateOf, issuerSource } from '../../pki/authority-issuers.js';
import { type CertificateRequest, IssuanceError, readCertificateRequest } from '../../pki/authority-request.js';
import { parseSpiffeId } from '../../pki/index.js';
import { x509Usages } from '../../pki/x509-usages.js';
import { certificateOf } from '../prove/parties.js';

/** What a service shows in a handshake, as its Certificate says it. */
export interface Credential {
  readonly certificate: KubernetesObject;
  readonly request: CertificateRequest;
  /** The one SPIFFE ID, or why there is none. */
  readonly identity: { readonly spiffeId: string } | { readonly problem: string };
  /** Name of the root to which its chain leads; undefined for a certificate that signs itself. */
  readonly root: string | undefined;
}

/** The rendered authorities, without a key: which root a certificate leads to, and which roots are trusted. */
export class Chains {
  constructor(
    private readonly objects: ObjectSet,
    private readonly plan: Plan,
  ) {}

  /** @throws IssuanceError for issuers that sign each other */
  rootOf(request: Pick<CertificateRequest, 'issuerRef' | 'namespace'>, below: readonly string[] = []): string | undefined {
    const scope = { namespace: request.namespace, clusterResourceNamespace: this.plan.certManagerNamespace };
    const source = issuerSource(this.objects, request.issuerRef, scope);
    const { group, kind, name } = request.issuerRef;
    switch (source.kind) {
      case 'selfSigned':
        return undefined;
      case 'ca':
        return this.#rootAbove(source.certificate, below);
      case 'standIn':
        return `${group}/${kind} ${kind === 'ClusterIssuer' ? '' : `${request.namespace}/`}${name}`;
      default:
        return source satisfies never;
    }
  }

  #rootAbove(certificate: KubernetesObject, below: readonly string[]): string {
    const request = readCertificateRequest(certificate);
    const id = `Secret ${request.namespace}/${request.secretName}`;
    if (below.includes(id)) throw new IssuanceError(`${request.object} is signed by itself through ${below.length} issuers`);
    return this.rootOf(request, [...below, id]) ?? id;
  }

  /** Roots that every process of the environment trusts, by the sources of its trust bundle; none where an issuer signs itself. */
  trusted(): ReadonlySet<string> {
    try {
      return this.#trusted();
    } catch (error) {
      if (error instanceof IssuanceError) return new Set();
      throw error;
    }
  }

  #trusted(): ReadonlySet<string> {
    const { issuerRef, issuerNamespace, kind } = this.plan.authority;
    const bundle = this.objects.get('Bundle', undefined, this.plan.bundle.name, 'trust.cert-manager.io');
    const sources = valueAt(bundle, ['spec', 'sources']);
    const anchors = (Array.isArray(sources) ? sources : []).flatMap((source: unknown) => {
      const secret = isRecord(source) && isRecord(source.secret) ? source.secret : {};
      return typeof secret.name === 'string' ? (this.#anchor(secret.name, secret.key) ?? []) : [];
    });
    if (anchors.length > 0) return new Set(anchors);
    // a fleet that makes its own root must find it in its own bundle
    if (bundle && kind === 'selfSigned' && 'secret' in this.plan.bundle.source) return new Set();
    const root = this.rootOf({ issuerRef, namespace: issuerNamespace ?? this.plan.namespaces[0] });
    return new Set(root === undefined ? [] : [root]);
  }

  #anchor(secretName: string, key: unknown): string | undefined {
    const certificate = caCertificateOf(this.objects, secretName, this.plan.bundle.trustNamespace);
    if (!certificate) return undefined;
    const root = this.#rootAbove(certificate, []);
    const own = `Secret ${certificate.metadata.namespace}/${secretName}`;
    // an intermediate ends no chain, however much it is trusted
    return key === 'tls.crt' && root !== own ? `intermediate ${own}` : root;
  }
}

/** Reads what a service shows, or why it has nothing to show. */
export function readCredential(objects: ObjectSet, service: ServicePlan, chains: Chains): Credential | { readonly problem: string } {
  const certificate = certificateOf(objects, service);
  if (!certificate) return { problem: `no Certificate writes Secret ${service.namespace}/${service.certificate.secretName}` };
  try {
    const request = readCertificateRequest(certificate);
    return { certificate, request, identity: identityOf(request), root: chains.rootOf(request) };
  } catch (error) {
    if (error instanceof IssuanceError) return { problem: error.message };
    throw error;
  }
}

/** Digital signature, cert sign and CRL sign: a leaf that is somebody must have the first and neither of the others. */
const LEAF_USAGE = { needed: 1, forbidden: 32 | 64 } as const;

function identityOf({ uris, usages, isCa }: CertificateRequest): Credential['identity'] {
  if (isCa) return { problem: 'its certificate is a CA' };
  const { keyUsage } = x509Usages(usages, isCa);
  if ((keyUsage & LEAF_USAGE.needed) === 0 || (keyUsage & LEAF_USAGE.forbidden) !== 0)
    return { problem: 'its certificate has not the key usage of a leaf' };
  const ids = uris.filter(uri => /^spiffe:/i.test(uri));
  const [id] = ids;
  if (id === undefined) return { problem: 'its certificate has no SPIFFE ID' };
  if (ids.length > 1) return { problem: `its certificate has ${ids.length} SPIFFE IDs, expected one` };
  const parsed = parseSpiffeId(id);
  return 'problem' in parsed ? { problem: `its SPIFFE ID ${parsed.problem}` } : { spiffeId: parsed.id };
}

/** Object identifiers of server auth and client auth. */
const ROLES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
/** Key usages of which one is enough: digital signature and key agreement; for a server key encipherment too. */
const KEY_USAGES = { server: 1 | 4 | 16, client: 1 | 16 } as const;

/** Whether OpenSSL takes a certificate for a role. Without any extended usage it takes it for both. */
export function servesAs(role: keyof typeof ROLES, { usages, isCa }: Pick<CertificateRequest, 'usages' | 'isCa'>): boolean {
  const { keyUsage, extendedKeyUsages } = x509Usages(usages, isCa);
  const extended = extendedKeyUsages.length === 0 || extendedKeyUsages.includes(ROLES[role]);
  return extended && (keyUsage === 0 || (keyUsage & KEY_USAGES[role]) !== 0);
}

/** Whether a certificate is for a DNS name: a star stands for one label, and for no name of fewer than two more (RFC 6125). */
export function isFor(dnsNames: readonly string[], host: string): boolean {
  const wanted = host.toLowerCase();
  return dnsNames.some(name => {
    const text = name.toLowerCase();
    if (!text.startsWith('*.')) return text === wanted;
    const rest = text.slice(1);
    const label = wanted.slice(0, -rest.length);
    return rest.indexOf('.', 1) > 0 && wanted.endsWith(rest) && label !== '' && !label.includes('.');
  });
}
