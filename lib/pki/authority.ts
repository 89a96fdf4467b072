import type { KeyObject } from 'node:crypto';
import type { KubernetesObject, ObjectSet } from '../objects/index.js';
import { Credential } from './authority-credential.js';
import { caCertificateOf, issuerSource } from './authority-issuers.js';
import { type CertificateRequest, IssuanceError, readCertificateRequest } from './authority-request.js';
import { type CertificateContents, certificatePem, publicKeyOf, type Signer, signCertificate, signerOf } from './x509.js';
import { FAST_KEY, generatePrivateKey, type KeySpec } from './x509-keys.js';
import { x509Usages } from './x509-usages.js';

export interface AuthorityOptions {
  /** Namespace of the Secrets of ClusterIssuers. @default cert-manager */
  readonly clusterResourceNamespace?: string;
  /** @default the time of the call */
  readonly now?: Date;
}

/** What a certificate that must be refused has instead of what its Certificate asks for. */
export interface Forgery {
  /** Signed by a root with the same name and another key. */
  readonly foreign?: boolean;
  /** Ended an hour ago. */
  readonly expired?: boolean;
  readonly commonName?: string;
  readonly dnsNames?: readonly string[];
  readonly uris?: readonly string[];
  readonly usages?: CertificateRequest['usages'];
}

interface CertificateAuthority {
  readonly signer: Signer;
  /** PEM from this authority upwards, without the root. */
  readonly chain: string;
  readonly root: string;
}

/**
 * cert-manager's part in one process: it reads rendered Certificates and issuers, and issues. Roots and
 * intermediates come from CA Certificates; an issuer whose key is elsewhere is played by a root of its own.
 */
export class EmbeddedAuthority {
  readonly #authorities = new Map<string, Promise<CertificateAuthority>>();
  readonly #foreign = new Map<CertificateAuthority, Promise<CertificateAuthority>>();
  readonly #notes = new Set<string>();
  readonly #clusterResourceNamespace: string;
  readonly #now: Date;
  #forgeryKey: Promise<KeyObject> | undefined;

  constructor(
    private readonly objects: ObjectSet,
    options: AuthorityOptions = {},
  ) {
    this.#clusterResourceNamespace = options.clusterResourceNamespace ?? 'cert-manager';
    this.#now = options.now ?? new Date();
  }

  /** What is not as it will be in the cluster: stand-ins for issuers; sorted. */
  get notes(): readonly string[] {
    return [...this.#notes].sort();
  }

  /**
   * Issues what a rendered Certificate asks for, with a new key.
   *
   * @throws IssuanceError when cert-manager would refuse it
   */
  async issue(
    certificate: KubernetesObject,
    further: { readonly dnsNames?: readonly string[]; readonly ipAddresses?: readonly string[] } = {},
  ): Promise<Credential> {
    const request = readCertificateRequest(certificate);
    const [key, authority] = await Promise.all([generatePrivateKey(request.key), this.#issuerOf(request, [])]);
    const contents = contentsOf(request, this.#now);
    const names = {
      dnsNames: [...new Set([...contents.dnsNames, ...(further.dnsNames ?? [])])],
      ipAddresses: [...new Set([...contents.ipAddresses, ...(further.ipAddresses ?? [])])],
    };
    return credential({ ...contents, ...names }, key, authority ?? (await selfSigned(request.key, key)));
  }

  /** Issues a certificate that somebody must refuse: the Certificate's own names, but for what the forgery changes. */
  async forge(certificate: KubernetesObject, forgery: Forgery): Promise<Credential> {
    const original = readCertificateRequest(certificate);
    const request: CertificateRequest = {
      ...original,
      // a leaf, whatever it is a copy of: the fault alone must be why it is refused
      isCa: false,
      dnsNames: forgery.dnsNames ?? original.dnsNames,
      uris: forgery.uris ?? original.uris,
      commonName: forgery.commonName ?? original.commonName,
      usages: forgery.usages ?? original.usages,
    };
    this.#forgeryKey ??= generatePrivateKey(FAST_KEY);
    const key = await this.#forgeryKey;
    const real = (await this.#issuerOf(request, [])) ?? (await selfSigned(FAST_KEY, key));
    const authority = forgery.foreign ? await this.#foreignTwin(real) : real;
    const contents = contentsOf(request, this.#now);
    const ended = new Date(this.#now.getTime() - 3_600_000);
    const lifetime = forgery.expired ? { notBefore: new Date(ended.getTime() - request.durationSeconds * 1000), notAfter: ended } : {};
    return credential({ ...contents, ...lifetime }, key, authority);
  }

  /** PEM of the root to which every certificate of an issuer leads. */
  async rootOf(ref: CertificateRequest['issuerRef'], namespace: string | undefined): Promise<string> {
    const authority = await this.#authorityNamed(ref, namespace, []);
    if (!authority) throw new IssuanceError(`${ref.kind} ${ref.name} is self-signed, so its certificates have no root in common`);
    return authority.root;
  }

  /** What a trust bundle finds in a Secret that a CA Certificate writes: its root in `ca.crt`, itself in `tls.crt`. */
  async anchorOf(namespace: string, secretName: string, key: string): Promise<string | undefined> {
    const certificate = caCertificateOf(this.objects, secretName, namespace);
    if (!certificate) return undefined;
    const authority = await this.#authorityOf(certificate, []);
    return key === 'tls.crt' && authority.signer.certificate ? certificatePem(authority.signer.certificate) : authority.root;
  }

  /** PEM of a root that signed nothing of these manifests. */
  async unrelatedRoot(): Promise<string> {
    const authority = await this.#remember('unrelated', () => standIn('unrelated root', this.#now));
    return authority.root;
  }

  #issuerOf(request: CertificateRequest, below: readonly string[]): Promise<CertificateAuthority | undefined> {
    return this.#authorityNamed(request.issuerRef, request.namespace, below);
  }

  /** Undefined for a self-signed issuer. */
  async #authorityNamed(
    ref: CertificateRequest['issuerRef'],
    namespace: string | undefined,
    below: readonly string[],
  ): Promise<CertificateAuthority | undefined> {
    const source = issuerSource(this.objects, ref, { namespace, clusterResourceNamespace: this.#clusterResourceNamespace });
    switch (source.kind) {
      case 'selfSigned':
        return undefined;
      case 'ca':
        return this.#authorityOf(source.certificate, below);
      case 'standIn': {
        this.#notes.add(`an embedded root stands in for ${source.issuer}: ${source.reason}`);
        const scope = ref.kind === 'ClusterIssuer' ? '' : `${namespace}/`;
        return this.#remember(`${ref.group}/${ref.kind} ${scope}${ref.name}`, () => standIn(`stand-in root of ${ref.name}`, this.#now));
      }
      default:
        return source satisfies never;
    }
  }

  #authorityOf(certificate: KubernetesObject, below: readonly string[]): Promise<CertificateAuthority> {
    const request = readCertificateRequest(certificate);
    const id = `Secret ${request.namespace}/${request.secretName}`;
    if (below.includes(id)) throw new IssuanceError(`${request.object} is signed by itself through ${below.length} issuers`);
    const spec = request.key;
    return this.#remember(id, async () => {
      const [key, parent] = await Promise.all([generatePrivateKey(spec), this.#issuerOf(request, [...below, id])]);
      const signed = await signCertificate(contentsOf(request, this.#now), publicKeyOf(key), parent?.signer ?? (await signerOf(key, spec)));
      const pem = certificatePem(signed);
      return {
        signer: await signerOf(key, spec, signed),
        chain: parent ? pem + parent.chain : '',
        root: parent?.root ?? pem,
      };
    });
  }

  #remember(id: string, make: () => Promise<CertificateAuthority>): Promise<CertificateAuthority> {
    const known = this.#authorities.get(id);
    if (known) return known;
    const made = make();
    this.#authorities.set(id, made);
    return made;
  }

  #foreignTwin(real: CertificateAuthority): Promise<CertificateAuthority> {
    const known = this.#foreign.get(real);
    if (known) return known;
    const made = standIn(real.signer.certificate?.subject ?? 'CN=foreign root', this.#now);
    this.#foreign.set(real, made);
    return made;
  }
}

async function selfSigned(spec: KeySpec, key: KeyObject): Promise<CertificateAuthority> {
  return { signer: await signerOf(key, spec), chain: '', root: '' };
}

async function standIn(name: string, now: Date): Promise<CertificateAuthority> {
  const key = await generatePrivateKey(FAST_KEY);
  const contents: CertificateContents = {
    subject: name.includes('=') ? name : [{ CN: [{ utf8String: name }] }],
    dnsNames: [],
    uris: [],
    ipAddresses: [],
    emailAddresses: [],
    ...x509Usages(['cert sign', 'crl sign'], true),
    isCa: true,
    ...lifetimeFrom(now, 87_600 * 3600),
  };
  const certificate = await signCertificate(contents, publicKeyOf(key), await signerOf(key, FAST_KEY));
  return { signer: await signerOf(key, FAST_KEY, certificate), chain: '', root: certificatePem(certificate) };
}

async function credential(contents: CertificateContents, key: KeyObject, authority: CertificateAuthority): Promise<Credential> {
  const leaf = certificatePem(await signCertificate(contents, publicKeyOf(key), authority.signer));
  return new Credential(leaf + authority.chain, authority.root === '' ? leaf : authority.root, key);
}

function contentsOf(request: CertificateRequest, now: Date): CertificateContents {
  const attributes = [...request.subject, ...(request.commonName === undefined ? [] : [['CN', request.commonName] as const])];
  return {
    // as an object: of a plain text, quotes and a leading # would be interpreted
    subject: request.literalSubject ?? attributes.map(([attribute, value]) => ({ [attribute]: [{ utf8String: value }] })),
    dnsNames: request.dnsNames,
    uris: request.uris,
    ipAddresses: request.ipAddresses,
    emailAddresses: request.emailAddresses,
    ...x509Usages(request.usages, request.isCa),
    isCa: request.isCa,
    ...lifetimeFrom(now, request.durationSeconds),
  };
}

/** Whole seconds: X.509 has no finer time, and a certificate must be valid in the second of its making. */
function lifetimeFrom(now: Date, seconds: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const start = Math.floor(now.getTime() / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + seconds * 1000) };
}
