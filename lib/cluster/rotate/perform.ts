import type { KubernetesObject } from '../../objects/index.js';
import { collectionOf, pathOf, type Reader } from '../_reader.js';
import { textAt } from '../_values.js';
import { type Renewal, type RenewOptions, renew, withIssuing } from '../change/index.js';
import { ClusterError } from '../cluster-error.js';
import { ApiFailure, NoReply } from '../read/index.js';
import { FLEET_LABEL } from '../status/index.js';
import { shortFingerprint } from './chain.js';
import { FURTHER_ROOTS, type Issued, keptName, type RotationFacts } from './facts.js';
import { dueBefore, dueUntil, isPending, staleOf } from './issuing.js';
import type { StepId } from './steps.js';
import type { StepOptions } from './verdict.js';

export interface PerformOptions extends StepOptions, Pick<RenewOptions, 'staggerSeconds' | 'maxParallel' | 'timeoutSeconds' | 'onResult'> {}

export interface Performed {
  readonly message: string;
  readonly renewals: readonly Renewal[];
  /** Somebody else changed the same thing at the same time, and nothing was done: look again. */
  readonly isConflict: boolean;
}

/**
 * Does one step, by one write of each object. It is done again safely when the command was killed before or after it.
 *
 * @throws ClusterError when the cluster does not let us
 */
export async function perform(reader: Reader, facts: RotationFacts, step: StepId, options: PerformOptions): Promise<Performed> {
  const { subject } = facts;
  switch (step) {
    case 'keep-old-root':
      return write(`ConfigMap ${subject.home}/${keptName(subject.fleet)}`, () => keepOldRoot(reader, facts));
    case 'new-root':
      return write(`key of ${facts.root.key}`, () => newKey(reader, facts.root, subject.fleet));
    case 'renew-due':
      return renewed(reader, dueBefore(facts, dueUntil(facts, options)), options);
    case 'renew-intermediates': {
      // an upper one first: what is below must come from it
      const [next] = staleOf(facts, facts.intermediates);
      if (next === undefined) return done('nothing to do');
      return write(`key of ${next.key}`, () => newKey(reader, next, subject.fleet));
    }
    case 'renew-leaves':
      return renewed(
        reader,
        staleOf(facts, facts.leaves)
          .filter(leaf => !isPending(leaf))
          // one that can't be issued must not hold up the others
          .sort((a, b) => Number(b.isReady) - Number(a.isReady)),
        options,
      );
    case 'remove-old-root':
      return write(`ConfigMap ${subject.home}/${keptName(subject.fleet)}`, () => removeOldRoot(reader, facts));
    default:
      throw new Error(`step ${step} is one of waiting`);
  }
}

const done = (message: string): Performed => ({ message, renewals: [], isConflict: false });

async function write(what: string, work: () => Promise<string>): Promise<Performed> {
  try {
    return done(await work());
  } catch (error) {
    if (error instanceof NoReply)
      throw new ClusterError(
        'CLUSTER_UNREACHABLE',
        `nobody knows whether ${what} was written: ${error.message}`,
        'sentinel-mtls rotate status says where it stands, and rotate continue goes on from there',
      );
    if (!(error instanceof ApiFailure)) throw error;
    if (error.status === 409) return { message: `${what} was changed by somebody else meanwhile`, renewals: [], isConflict: true };
    throw new ClusterError(
      'CLUSTER_REFUSED',
      `${what} can't be written: ${error.message}`,
      'nothing was changed; sentinel-mtls rbac rotate prints the rights',
    );
  }
}

async function keepOldRoot(reader: Reader, { subject: { fleet, home }, root }: RotationFacts): Promise<string> {
  const [current] = root.chain;
  if (current === undefined) throw new Error('the root was not read');
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: keptName(fleet),
      namespace: home,
      labels: { 'app.kubernetes.io/managed-by': 'sentinel-mtls', [FLEET_LABEL]: fleet, [FURTHER_ROOTS]: fleet },
    },
    data: { 'old-root.crt': current.toString() },
  };
  await reader.api.ask({ method: 'POST', path: collectionOf('ConfigMap', home), body });
  return `root ${shortFingerprint(current)} stays trusted, whatever signs`;
}

/**
 * A new key by what cert-manager itself offers, without touching the spec, which Argo CD and Flux own. With `rotationPolicy: Always`
 * a renewal makes one. Otherwise cert-manager makes one when the Secret has none: the certificate stays in it, so that the Bundle
 * keeps its source. Both writes carry the version that was read: of two at the same time one fails.
 */
async function newKey(reader: Reader, { certificate, secret, key }: Issued, fleet: string): Promise<string> {
  const isAlways = textAt(certificate, 'spec', 'privateKey', 'rotationPolicy') === 'Always';
  // an authority of somebody else below this root keeps its key, if that is what they want
  if (isAlways || certificate.metadata.labels?.[FLEET_LABEL] !== fleet) {
    await reader.api.ask({ method: 'PUT', path: `${pathOf(...placeOf(certificate))}/status`, body: withIssuing(certificate, reader.now) });
    return `cert-manager was asked to issue ${key}${isAlways ? ', which makes a new key each time' : ', which is not of this fleet'}`;
  }
  if (secret === undefined) return `${key} has no Secret: cert-manager makes one`;
  await reader.api.ask({
    method: 'PATCH',
    path: pathOf('Secret', secret.metadata.namespace ?? '', secret.metadata.name),
    contentType: 'application/merge-patch+json',
    body: { metadata: { resourceVersion: secret.metadata.resourceVersion }, data: { 'tls.key': '' } },
  });
  return `the old key of ${key} is gone, and cert-manager makes a new one`;
}

const placeOf = ({ kind, metadata }: KubernetesObject): [string, string, string] => [kind, metadata.namespace ?? '', metadata.name];

async function renewed(reader: Reader, issued: readonly Issued[], options: PerformOptions): Promise<Performed> {
  const certificates = issued.map(({ certificate }) => certificate);
  const renewals = await renew(reader.api, certificates, { ...options, wait: true });
  const failed = renewals.filter(({ outcome }) => outcome === 'failed' || outcome === 'not-begun');
  const [first] = failed;
  return {
    message: `${renewals.length - failed.length} of ${renewals.length} certificates were renewed${first === undefined ? '' : `; ${first.certificate}: ${first.message}`}`,
    renewals,
    isConflict: false,
  };
}

async function removeOldRoot(reader: Reader, { subject: { home }, kept }: RotationFacts): Promise<string> {
  if (kept === undefined) return 'the old root is not kept any more';
  const { uid, resourceVersion, name } = kept.object.metadata;
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
  await reader.api.ask({ method: 'DELETE', path: pathOf('ConfigMap', home, name), body });
  return `root ${shortFingerprint(kept.root)} is not trusted any more, as soon as trust-manager has written the bundles`;
}
