import type { X509Certificate } from 'node:crypto';
import { selects } from '../../check/lint/selectors.js';
import type { KubernetesObject } from '../../objects/index.js';
import { each, type Reader } from '../_reader.js';
import { runtimePage } from '../_runtime-page.js';
import { listAt, mapAt, textAt } from '../_values.js';
import { ClusterError } from '../cluster-error.js';
import type { PublicSecret } from '../snapshot/index.js';
import { condition, parseChain } from '../state/index.js';
import { chainAt } from '../state/pem.js';
import { FLEET_LABEL } from '../status/index.js';
import { findSubject, type Subject } from './subject.js';

/** A Certificate with what is in its Secret. */
export interface Issued {
  /** `namespace/name` */
  readonly key: string;
  readonly certificate: KubernetesObject;
  readonly secret: PublicSecret | undefined;
  /** Of `tls.crt`, the first one its own. */
  readonly chain: readonly X509Certificate[];
  readonly isReady: boolean;
  readonly isIssuing: boolean;
  /** Milliseconds; NaN where there is none. */
  readonly renewalTime: number;
}

/** The ConfigMap that a Bundle becomes in one namespace. */
export interface Target {
  readonly namespace: string;
  /** Undefined where there is none. */
  readonly roots: readonly X509Certificate[] | undefined;
  /** When it was written last, in milliseconds by the API server's clock; NaN where that is not known. */
  readonly writtenAt: number;
}

/** A running pod of the fleet, and what its runtime library says. */
export interface Pod {
  readonly key: string;
  readonly namespace: string;
  readonly identities: readonly { readonly spiffeId: string; readonly serialHash: string; readonly trustFingerprint: string }[];
  /** Why it says nothing. */
  readonly unreadable: string | undefined;
}

/** Everything that decides what comes next, read anew each time. */
export interface RotationFacts {
  readonly subject: Subject;
  /** Milliseconds, by the API server's clock. */
  readonly now: number;
  readonly root: Issued;
  readonly intermediates: readonly Issued[];
  /** Certificates that the root itself signs. */
  readonly direct: readonly Issued[];
  /** Everything that is no authority. */
  readonly leaves: readonly Issued[];
  /** The ConfigMap that keeps the old root; undefined while no rotation is under way. */
  readonly kept: Kept | undefined;
  readonly targets: readonly Target[];
  readonly pods: readonly Pod[];
}

export interface Kept {
  readonly object: KubernetesObject;
  readonly root: X509Certificate;
  readonly createdAt: number;
}

export interface FactsOptions {
  readonly fleet?: string | undefined;
  /** Namespace of trust-manager's sources and of the Secrets of ClusterIssuers. */
  readonly home: string;
}

export const FURTHER_ROOTS = 'sentinel-mtls.io/further-roots';
export const keptName = (fleet: string): string => `${fleet}-old-root`;

/** @throws ClusterError when something can't be read, or the CA is none that cert-manager can rotate */
export async function readFacts(reader: Reader, { fleet, home }: FactsOptions): Promise<RotationFacts> {
  const subject = await findSubject(reader, home, fleet);
  const issued = (certificate: KubernetesObject): Promise<Issued> => readIssued(reader, certificate);
  const root = await issued(subject.root.certificate);
  const intermediates = await each(subject.intermediates, ({ certificate }) => issued(certificate));
  const direct = await each(subject.root.leaves, issued);
  const below = await each(
    subject.intermediates.flatMap(({ leaves }) => leaves),
    issued,
  );
  const kept = await readKept(reader, subject);
  const targets = await readTargets(reader, subject);
  const pods = kept === undefined ? [] : await readPods(reader, subject, new Set(targets.map(({ namespace }) => namespace)));
  return {
    subject,
    now: reader.now,
    root,
    intermediates,
    direct: [...direct, ...intermediates.filter((_, index) => subject.intermediates[index]?.isUnderRoot)],
    leaves: [...direct, ...below].sort((a, b) => a.key.localeCompare(b.key)),
    kept,
    targets,
    pods,
  };
}

async function readIssued(reader: Reader, certificate: KubernetesObject): Promise<Issued> {
  const { name, namespace = '' } = certificate.metadata;
  const secret = await reader.secret(namespace, textAt(certificate, 'spec', 'secretName'));
  return {
    key: `${namespace}/${name}`,
    certificate,
    secret,
    chain: secret === undefined ? [] : chainAt(secret, 'tls.crt').certificates,
    isReady: condition(certificate, 'Ready')?.status === 'True',
    isIssuing: condition(certificate, 'Issuing')?.status === 'True',
    renewalTime: Date.parse(textAt(certificate, 'status', 'renewalTime')),
  };
}

async function readKept(reader: Reader, { fleet, home }: Subject): Promise<Kept | undefined> {
  const object = await reader.get('ConfigMap', home, keptName(fleet));
  if (object === undefined) return undefined;
  const { certificates, broken } = parseChain(Object.values(mapAt(object, 'data')).map(String).join('\n'));
  const [root, ...others] = certificates;
  if (root === undefined || others.length > 0 || broken > 0 || object.metadata.labels?.[FURTHER_ROOTS] !== fleet)
    throw new ClusterError(
      'CLUSTER_REFUSED',
      `ConfigMap ${home}/${keptName(fleet)} should keep one old root under the label ${FURTHER_ROOTS}=${fleet}: it has ${certificates.length} certificates` +
        `${broken > 0 ? ' and something that is none' : ''}${object.metadata.labels?.[FURTHER_ROOTS] === fleet ? '' : ', and not the label'}`,
      'it is not of this command, or was changed; without it nobody knows which root is the old one. Nothing was done',
    );
  return { object, root, createdAt: Date.parse(textAt(object, 'metadata', 'creationTimestamp')) };
}

async function readTargets(reader: Reader, { bundle }: Subject): Promise<Target[]> {
  const selector = mapAt(bundle, 'spec', 'target').namespaceSelector;
  const namespaces = (await reader.list('Namespace')).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && selects(selector, metadata.labels ?? {}),
  );
  const key = textAt(bundle, 'spec', 'target', 'configMap', 'key');
  return each(namespaces, async ({ metadata: { name } }) => {
    const target = await reader.get('ConfigMap', name, bundle.metadata.name);
    return {
      namespace: name,
      roots: target && parseChain(textAt(target, 'data', key)).certificates,
      writtenAt: target === undefined ? Number.NaN : writtenAt(target),
    };
  });
}

/** The last time that somebody changed `data`. */
function writtenAt(object: KubernetesObject): number {
  const times = listAt(object, 'metadata', 'managedFields')
    .filter(entry => Object.hasOwn(mapAt(entry, 'fieldsV1'), 'f:data'))
    .map(entry => Date.parse(textAt(entry, 'time')));
  return times.length === 0 ? Number.NaN : Math.max(...times);
}

/** Of namespaces that get the bundle: whoever puts the label on a pod elsewhere must not hold a rotation up. */
async function readPods(reader: Reader, { fleet }: Subject, namespaces: ReadonlySet<string>): Promise<Pod[]> {
  const pods = (await reader.list('Pod', undefined, `${FLEET_LABEL}=${fleet}`)).filter(
    pod => textAt(pod, 'status', 'phase') === 'Running' && namespaces.has(pod.metadata.namespace ?? ''),
  );
  return each(pods, async pod => {
    const page = await runtimePage(reader.api, pod);
    const rows = 'samples' in page ? page.samples.filter(({ name }) => name === 'sentinel_mtls_identity_info') : [];
    return {
      key: `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`,
      namespace: pod.metadata.namespace ?? '',
      identities: rows.map(({ labels }) => ({
        spiffeId: labels.spiffe_id ?? '',
        serialHash: labels.serial_hash ?? '',
        trustFingerprint: labels.trust_fingerprint ?? '',
      })),
      unreadable: 'unreadable' in page ? page.unreadable : rows.length === 0 ? 'it serves no identity yet' : undefined,
    };
  });
}
