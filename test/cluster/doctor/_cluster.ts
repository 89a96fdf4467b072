import { join } from 'node:path';
import { DOCTOR_RESOURCES, Living, type Snapshot, type SnapshotHeader } from '../../../lib/cluster/index.js';
import { reduce } from '../../../lib/cluster/snapshot/reduce.js';
import { ObjectSet, readObjects } from '../../../lib/objects/index.js';
import type { Usage } from '../../../lib/pki/index.js';
import { ROOT } from '../../cli/_cli.js';
import { DAY, type Made, make, type Wanted } from '../_certificates.js';

// biome-ignore lint/suspicious/noExplicitAny: an API object is a tree of JSON whose shape its kind decides
export type Any = any;

export const SYSTEM = 'sentinel-system';
export const ISSUER = 'sentinel-ca-issuer';
/** They need the Prometheus Operator. */
const MONITORING = ['PrometheusRule', 'ServiceMonitor', 'PodMonitor'];

/** The Sentinel fleet's `dist/dev`, running: what controllers, kubelet and cert-manager would have added is added here. */
export class HealthyCluster {
  readonly objects = new Map<string, Any>();

  private constructor(
    readonly now: number,
    readonly ca: Made,
  ) {}

  static async make(now = Date.now()): Promise<HealthyCluster> {
    const ca = await make({
      commonName: 'sentinel dev root CA',
      isCa: true,
      usages: ['digital signature', 'cert sign', 'crl sign'],
      from: -1,
      until: 3649,
      now,
    });
    const cluster = new HealthyCluster(now, ca);
    for (const object of readObjects(join(ROOT, 'dist', 'dev')))
      if (!MONITORING.includes(object.kind)) cluster.put(structuredClone(object));
    await cluster.#addRunningParts();
    return cluster;
  }

  /** The same, to be broken. */
  copy(): HealthyCluster {
    const copy = new HealthyCluster(this.now, this.ca);
    for (const [key, object] of this.objects) copy.objects.set(key, object);
    return copy;
  }

  /** Puts a changed copy of an object in its place. */
  change(key: string, edit: (object: Any) => void): void {
    const object = this.get(key);
    edit(object);
    this.put(object);
  }

  put(...objects: readonly Any[]): void {
    for (const object of objects) this.objects.set(keyOf(object), object);
  }

  get(key: string): Any {
    const found = this.objects.get(key);
    if (found === undefined) throw new Error(`the cluster has no ${key}`);
    return structuredClone(found);
  }

  /** A certificate as the cluster's authority would issue it for a Certificate, but for what is given. */
  issue(name: string, changes: Wanted = {}, by: Made = this.ca): Promise<Made> {
    const { spec } = this.get(`Certificate ${SYSTEM}/${name}`);
    const { commonName, dnsNames, uris, usages } = spec as { commonName: string; dnsNames: string[]; uris: string[]; usages: Usage[] };
    return make({ commonName, dnsNames, uris, usages, from: -1, until: 89, now: this.now, ...changes }, by);
  }

  /** The Secret of a Certificate with other contents. */
  secret(name: string, made: Made, changes: { readonly key?: string; readonly annotations?: Record<string, string> } = {}): Any {
    return secretOf(
      SYSTEM,
      name,
      made,
      this.ca,
      { 'cert-manager.io/issuer-name': ISSUER, 'cert-manager.io/issuer-kind': 'ClusterIssuer', ...changes.annotations },
      changes.key,
    );
  }

  snapshot(header: Partial<SnapshotHeader> = {}, changed: ReadonlyMap<string, Any> = this.objects): Snapshot {
    return {
      header: {
        schemaVersion: 1,
        takenAt: new Date(this.now).toISOString(),
        skewMs: 0,
        kubernetes: 'v1.34.4',
        context: 'test',
        resources: DOCTOR_RESOURCES.map(({ name }) => name),
        namespaces: [],
        gaps: [],
        webhook: null,
        ...header,
      },
      objects: ObjectSet.from([...changed.values()].map(object => reduce(structuredClone(object)))),
    };
  }

  living(header: Partial<SnapshotHeader> = {}): Living {
    return new Living(this.snapshot(header));
  }

  async #addRunningParts(): Promise<void> {
    const { now, ca } = this;
    for (const name of [SYSTEM, 'cert-manager', 'kube-system']) this.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    this.put(...definitions());
    this.put(...deployments());
    this.put({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'calico-node', namespace: 'kube-system' },
      spec: templateOf({ app: 'calico' }, 'quay.io/calico/node:v3.31.0'),
    });
    this.put(
      secretOf('cert-manager', 'sentinel-ca-secret', ca, ca, {
        'cert-manager.io/issuer-name': 'sentinel-selfsigned-issuer',
        'cert-manager.io/issuer-kind': 'ClusterIssuer',
        'cert-manager.io/certificate-name': 'sentinel-ca',
      }),
    );
    for (const object of [...this.objects.values()]) {
      if (object.kind === 'ClusterIssuer') this.put({ ...object, status: { conditions: [ready(now, 'KeyPairVerified')] } });
      if (object.kind === 'Bundle') {
        this.put({ ...object, status: { conditions: [{ ...ready(now, 'Synced'), type: 'Synced' }] } });
        this.put({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: object.metadata.name, namespace: SYSTEM, labels: object.metadata.labels },
          data: { 'ca.crt': ca.pem },
        });
      }
      if (object.kind === 'Certificate') await this.#addIssued(object);
      if (['Deployment', 'DaemonSet'].includes(object.kind) && object.metadata.namespace === SYSTEM) this.put(podOf(object, now));
    }
  }

  async #addIssued(certificate: Any): Promise<void> {
    const { now } = this;
    const { name, namespace } = certificate.metadata;
    // P-256 in place of RSA: made in a millisecond
    certificate.spec.privateKey = { ...certificate.spec.privateKey, algorithm: 'ECDSA', size: 256 };
    const life = certificate.spec.isCA === true ? 3650 : 90;
    const status = {
      conditions: [ready(now, 'Ready')],
      notBefore: iso(now - DAY),
      notAfter: iso(now + (life - 1) * DAY),
      renewalTime: iso(now + (life === 90 ? 74 : 3559) * DAY),
      revision: 1,
    };
    this.put({ ...certificate, status });
    if (namespace === SYSTEM) this.put(this.secret(name, await this.issue(name)));
    this.put(requestOf(certificate, now, [{ ...ready(now, 'cert-manager.io'), type: 'Approved' }, ready(now, 'Issued')]));
  }
}

export const keyOf = ({ kind, metadata: { name, namespace } }: Any): string =>
  `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;

export const iso = (time: number): string => new Date(Math.floor(time / 1000) * 1000).toISOString().replace('.000Z', 'Z');

export const ready = (now: number, reason: string, message = 'fine', status = 'True'): Any => ({
  type: 'Ready',
  status,
  reason,
  message,
  lastTransitionTime: iso(now - DAY),
});

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function secretOf(
  namespace: string,
  name: string,
  made: Made,
  root: Made,
  annotations: Record<string, string>,
  key = made.keyPem(),
): Any {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, annotations: { 'cert-manager.io/certificate-name': name, ...annotations } },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(made.pem), 'tls.key': base64(key), 'ca.crt': base64(root.pem) },
  };
}

export function requestOf(certificate: Any, now: number, conditions: readonly Any[], changes: Any = {}): Any {
  const { name, namespace } = certificate.metadata;
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      name: `${name}-1`,
      namespace,
      creationTimestamp: iso(now - DAY),
      annotations: { 'cert-manager.io/certificate-name': name, 'cert-manager.io/certificate-revision': '1' },
      ...changes.metadata,
    },
    spec: { request: base64('a request'), issuerRef: certificate.spec.issuerRef, ...changes.spec },
    status: { conditions },
  };
}

/** A pod of a workload, as kubelet and controller would have made it. */
export function podOf(workload: Any, now: number): Any {
  const { name, namespace } = workload.metadata;
  const { metadata, spec } = workload.spec.template;
  const isDeployment = workload.kind === 'Deployment';
  const owner = isDeployment ? { kind: 'ReplicaSet', name: `${name}-abc` } : { kind: workload.kind, name };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-abc-1`,
      namespace,
      labels: { ...metadata.labels, ...(isDeployment ? { 'pod-template-hash': 'abc' } : {}) },
      ownerReferences: [{ apiVersion: 'apps/v1', ...owner, uid: '00000000-0000-0000-0000-000000000000', controller: true }],
    },
    spec,
    status: { phase: 'Running', startTime: iso(now - DAY / 2) },
  };
}

function templateOf(labels: Record<string, string>, image: string, more: Any = {}): Any {
  return {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'main', image, ...more.container }], ...more.pod } },
  };
}

function deployments(): Any[] {
  const of = (name: string, image: string, args: readonly string[] = []): Any => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'cert-manager' },
    spec: {
      replicas: 1,
      ...templateOf({ 'app.kubernetes.io/name': name }, `quay.io/jetstack/${image}`, {
        container: { args },
        pod: { serviceAccountName: name },
      }),
    },
    status: { replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  });
  return [
    of('cert-manager', 'cert-manager-controller:v1.21.2', [
      '--cluster-resource-namespace=$(POD_NAMESPACE)',
      '--leader-election-namespace=cert-manager',
    ]),
    of('cert-manager-webhook', 'cert-manager-webhook:v1.21.2'),
    of('cert-manager-cainjector', 'cert-manager-cainjector:v1.21.2'),
    of('trust-manager', 'trust-manager:v0.24.0', ['--trust-namespace=cert-manager']),
  ];
}

/** CRDs as far as they are looked at; on a real server the real ones take their place. */
function definitions(): Any[] {
  const groups: Readonly<Record<string, readonly string[]>> = {
    'cert-manager.io': ['certificates', 'certificaterequests', 'issuers', 'clusterissuers'],
    'acme.cert-manager.io': ['orders', 'challenges'],
  };
  const properties = Object.fromEntries(['renewBeforePercentage', 'signatureAlgorithm', 'renewal'].map(field => [field, {}]));
  return Object.entries(groups).flatMap(([group, plurals]) =>
    plurals.map(plural => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        names: { plural },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, schema: { openAPIV3Schema: { properties: { spec: { properties } } } } }],
      },
      status: { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] },
    })),
  );
}
