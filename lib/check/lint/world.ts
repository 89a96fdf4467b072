import type { KubernetesObject, ObjectSet } from '../../objects/index.js';
import { type CertificateView, certificatesOf } from './certificates.js';
import { type IssuerView, issuersOf } from './issuers.js';
import { LabelIndex, SelectorIndex } from './label-index.js';
import type { Settings } from './options.js';
import { type PolicyView, policiesOf } from './policies.js';
import { selects } from './selectors.js';
import { type ServiceView, servesPods, servicesOf } from './services.js';
import { groupBy, mapAt, textAt } from './values.js';
import { type ContainerView, type VolumeSource, type WorkloadView, workloadsOf } from './workloads.js';

/** Computed at the first use. */
function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const inNamespace = (namespace: string, name: string): string => `${namespace}/${name}`;

type CertificateVolumes = readonly { readonly source: VolumeSource; readonly certificate: CertificateView }[];

/** What all rules look at: the objects, and how they belong together. Every list is made once, when first asked for. */
export class World {
  readonly #certificates = lazy(() => certificatesOf(this.objects));
  readonly #issuers = lazy(() => issuersOf(this.objects));
  readonly #workloads = lazy(() => workloadsOf(this.objects));
  readonly #policies = lazy(() => policiesOf(this.objects));
  readonly #services = lazy(() => servicesOf(this.objects));
  readonly #bySecret = lazy(() => groupBy(this.certificates, ({ namespace, secretName }) => inNamespace(namespace, secretName)));
  readonly #bySecretName = lazy(() => groupBy(this.certificates, ({ secretName }) => secretName));
  readonly #issuersByName = lazy(() => groupBy(this.issuers, ({ kind, namespace, name }) => `${kind} ${namespace ?? ''}/${name}`));
  readonly #namespaceLabels = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #pods = lazy(() => new LabelIndex(this.workloads));
  readonly #isolating = lazy(
    () =>
      new SelectorIndex(
        this.policies,
        ({ podSelector }) => mapAt(podSelector, 'matchLabels'),
        ({ podSelector }, labels) => selects(podSelector, labels),
      ),
  );
  readonly #serving = lazy(() => new SelectorIndex(this.services, ({ selector }) => selector, servesPods));
  readonly #namespaces = new WeakMap<object, readonly string[]>();
  readonly #volumes = new Map<WorkloadView, CertificateVolumes>();
  readonly #policiesIn = lazy(() => groupBy(this.policies, ({ namespace }) => namespace));
  readonly #servicesIn = lazy(() => groupBy(this.services, ({ namespace }) => namespace));

  constructor(
    readonly objects: ObjectSet,
    readonly settings: Settings,
  ) {}

  get certificates(): readonly CertificateView[] {
    return this.#certificates();
  }

  get issuers(): readonly IssuerView[] {
    return this.#issuers();
  }

  get workloads(): readonly WorkloadView[] {
    return this.#workloads();
  }

  get policies(): readonly PolicyView[] {
    return this.#policies();
  }

  get services(): readonly ServiceView[] {
    return this.#services();
  }

  workloadsIn(namespace: string): readonly WorkloadView[] {
    return this.#pods().in(namespace);
  }

  /** Workloads of a namespace that a label selector takes. */
  selected(namespace: string, selector: unknown): readonly WorkloadView[] {
    return this.#pods().selected(namespace, selector);
  }

  /** Namespaces with workloads that a label selector takes. */
  namespacesWith(selector: unknown): readonly string[] {
    if (typeof selector !== 'object' || selector === null) return this.#pods().namespaces;
    let found = this.#namespaces.get(selector);
    if (!found) {
      found = this.#pods().namespaces.filter(namespace => selects(selector, this.namespaceLabels(namespace)));
      this.#namespaces.set(selector, found);
    }
    return found;
  }

  /** Labels of a namespace: Kubernetes gives each one its own name as a label, also where no Namespace object is at hand. */
  namespaceLabels(namespace: string): Readonly<Record<string, unknown>> {
    let labels = this.#namespaceLabels.get(namespace);
    if (!labels) {
      const object = this.objects.get('Namespace', undefined, namespace, '');
      labels = { ...mapAt(object, 'metadata', 'labels'), 'kubernetes.io/metadata.name': namespace };
      this.#namespaceLabels.set(namespace, labels);
    }
    return labels;
  }

  /** NetworkPolicies that select a workload. */
  policiesOf({ namespace, labels }: Pick<WorkloadView, 'namespace' | 'labels'>): readonly PolicyView[] {
    return this.#isolating().selecting(namespace, labels);
  }

  /** Services that send to a workload. */
  servicesOf({ namespace, labels }: Pick<WorkloadView, 'namespace' | 'labels'>): readonly ServiceView[] {
    return this.#serving().selecting(namespace, labels);
  }

  policiesIn(namespace: string): readonly PolicyView[] {
    return this.#policiesIn().get(namespace) ?? [];
  }

  servicesIn(namespace: string): readonly ServiceView[] {
    return this.#servicesIn().get(namespace) ?? [];
  }

  /** Certificates that write a Secret. */
  writersOf(namespace: string, secretName: string): readonly CertificateView[] {
    return this.#bySecret().get(inNamespace(namespace, secretName)) ?? [];
  }

  /** Certificates that write a Secret of a name, in whatever namespace. */
  writersAnywhere(secretName: string): readonly CertificateView[] {
    return this.#bySecretName().get(secretName) ?? [];
  }

  /** The issuer of a Certificate, when it is among the objects and cert-manager's own. */
  issuerOf({ issuerRef, namespace }: CertificateView): IssuerView | undefined {
    if (issuerRef.group !== 'cert-manager.io') return undefined;
    return this.#issuersByName().get(`${issuerRef.kind} ${issuerRef.kind === 'Issuer' ? namespace : ''}/${issuerRef.name}`)?.[0];
  }

  /** The Certificate that writes the Secret of a CA issuer; undefined when it comes from elsewhere. */
  authorityOf(issuer: IssuerView): CertificateView | undefined {
    if (issuer.type !== 'ca') return undefined;
    const secret = textAt(issuer.config, 'secretName');
    return this.writersOf(issuer.namespace ?? this.settings.clusterResourceNamespace, secret)[0];
  }

  /** Volumes of a workload that show the Secret of a Certificate. */
  certificateVolumes(workload: WorkloadView): CertificateVolumes {
    let found = this.#volumes.get(workload);
    if (!found) {
      found = workload.sources.flatMap(source => {
        const certificate = source.kind === 'Secret' ? this.writersOf(workload.namespace, source.name)[0] : undefined;
        return certificate ? [{ source, certificate }] : [];
      });
      this.#volumes.set(workload, found);
    }
    return found;
  }

  isCertificateSecret(namespace: string, name: string): boolean {
    return this.writersOf(namespace, name).length > 0;
  }
}

export type { CertificateView, ContainerView, IssuerView, KubernetesObject, PolicyView, ServiceView, VolumeSource, WorkloadView };
