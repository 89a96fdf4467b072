import { settingsOf } from '../../check/lint/options.js';
import { type CertificateView, type IssuerView, World } from '../../check/lint/world.js';
import type { KubernetesObject, ObjectSet } from '../../objects/index.js';
import { groupBy, textAt } from '../_values.js';
import type { Gap, PublicSecret, Snapshot } from '../snapshot/index.js';
import { argument, type Component, type Installed, installations } from './installation.js';
import { type Mount, mountsOf } from './mounts.js';
import { type Chain, chainAt, parseChain } from './pem.js';

/** The authority behind a CA issuer: its Secret, and the certificates in it. */
export interface Authority {
  readonly secret: PublicSecret;
  readonly chain: Chain;
}

/** A snapshot as checks look at it: how the objects belong together, each certificate parsed once. */
export class Living {
  readonly world: World;
  /** Milliseconds, by the clock of the API server. */
  readonly now: number;
  readonly installed: readonly Installed[];
  readonly clusterResourceNamespace: string;
  readonly trustNamespace: string;
  readonly #chains = new Map<PublicSecret, { readonly leaf: Chain; ca?: Chain }>();
  readonly #texts = new Map<string, Chain>();
  #secrets: ReadonlyMap<string, PublicSecret> | undefined;
  #mounts: ReadonlyMap<string, readonly Mount[]> | undefined;
  #requests: ReadonlyMap<string, readonly KubernetesObject[]> | undefined;
  #events: ReadonlyMap<string, readonly KubernetesObject[]> | undefined;

  constructor(
    readonly snapshot: Snapshot,
    now?: number,
  ) {
    this.now = now ?? Date.parse(snapshot.header.takenAt);
    this.installed = installations(snapshot.objects);
    const [controller] = this.ofComponent('controller');
    const [trust] = this.ofComponent('trust-manager');
    const home = controller?.namespace ?? 'cert-manager';
    const given = controller === undefined ? undefined : argument(controller, 'cluster-resource-namespace');
    // the chart passes $(POD_NAMESPACE), which the kubelet fills in
    this.clusterResourceNamespace = given === undefined || given.startsWith('$(') ? home : given;
    this.trustNamespace = (trust && argument(trust, 'trust-namespace')) ?? home;
    this.world = new World(
      snapshot.objects,
      settingsOf({
        clusterResourceNamespace: this.clusterResourceNamespace,
        trustNamespace: this.trustNamespace,
        date: new Date(this.now).toISOString().slice(0, 10),
        kubernetes: snapshot.header.kubernetes,
        ...(controller === undefined ? {} : { certManager: controller.version }),
      }),
    );
  }

  get objects(): ObjectSet {
    return this.snapshot.objects;
  }

  get certificates(): readonly CertificateView[] {
    return this.world.certificates;
  }

  ofComponent(component: Component): Installed[] {
    return this.installed.filter(installed => installed.component === component);
  }

  /** Why a resource, or a part of it, can't be judged; undefined when all of it was read. */
  gapOf(resource: string): Gap | undefined {
    const { header } = this.snapshot;
    const gap = header.gaps.find(found => found.resource === resource);
    if (gap !== undefined || header.resources.includes(resource)) return gap;
    return { resource, reason: 'failed', message: 'it was not asked for' };
  }

  secret(namespace: string, name: string): PublicSecret | undefined {
    this.#secrets ??= new Map(
      this.objects.ofKind('Secret', '').map(secret => [`${secret.metadata.namespace}/${secret.metadata.name}`, secret as PublicSecret]),
    );
    return this.#secrets.get(`${namespace}/${name}`);
  }

  /** Certificates of `tls.crt`. */
  chain(secret: PublicSecret): Chain {
    return this.#parsed(secret).leaf;
  }

  /** Certificates of `ca.crt`; the same text is parsed once, since a fleet shares it. */
  caChain(secret: PublicSecret): Chain {
    const parsed = this.#parsed(secret);
    parsed.ca ??= this.#shared(secret);
    return parsed.ca;
  }

  /** Undefined when the issuer is of another kind, or its Secret is not there. */
  authority(issuer: IssuerView): Authority | undefined {
    if (issuer.type !== 'ca') return undefined;
    const secret = this.secret(issuer.namespace ?? this.clusterResourceNamespace, textAt(issuer.config, 'secretName'));
    return secret && { secret, chain: this.chain(secret) };
  }

  /** Pods that show a Secret, by workload. */
  mounts(namespace: string, secretName: string): readonly Mount[] {
    this.#mounts ??= mountsOf(this.objects);
    return this.#mounts.get(`${namespace}/${secretName}`) ?? [];
  }

  /** CertificateRequests of a Certificate, the newest first. */
  requests({ namespace, object }: CertificateView): readonly KubernetesObject[] {
    this.#requests ??= groupBy(this.objects.ofKind('CertificateRequest'), request => {
      const owner = request.metadata.annotations?.['cert-manager.io/certificate-name'];
      return owner === undefined ? undefined : `${request.metadata.namespace ?? ''}/${owner}`;
    });
    const found = this.#requests.get(`${namespace}/${object.metadata.name}`) ?? [];
    const made = (request: KubernetesObject): string => textAt(request, 'metadata', 'creationTimestamp');
    return [...found].sort((a, b) => made(b).localeCompare(made(a)));
  }

  events(kind: string, namespace: string, name: string): readonly KubernetesObject[] {
    this.#events ??= groupBy(this.objects.ofKind('Event'), event => {
      const about = event.involvedObject;
      return `${textAt(about, 'kind')} ${textAt(about, 'namespace')}/${textAt(about, 'name')}`;
    });
    return this.#events.get(`${kind} ${namespace}/${name}`) ?? [];
  }

  #parsed(secret: PublicSecret): { readonly leaf: Chain; ca?: Chain } {
    let parsed = this.#chains.get(secret);
    if (parsed === undefined) {
      parsed = { leaf: chainAt(secret, 'tls.crt') };
      this.#chains.set(secret, parsed);
    }
    return parsed;
  }

  #shared(secret: PublicSecret): Chain {
    const text = secret.data['ca.crt'] ?? '';
    let chain = this.#texts.get(text);
    if (chain === undefined) {
      chain = parseChain(Buffer.from(text, 'base64').toString('latin1'));
      this.#texts.set(text, chain);
    }
    return chain;
  }
}
