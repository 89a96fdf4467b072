import { setTimeout as pause } from 'node:timers/promises';
import type { KubernetesObject } from '../../objects/index.js';
import { numberAt, textAt } from '../_values.js';
import { type Api, ApiFailure } from '../read/index.js';
import { DOCTOR_RESOURCES, listPath, type PublicSecret, publicSecret } from '../snapshot/index.js';
import { condition } from '../state/index.js';
import { chainAt } from '../state/pem.js';
import { withIssuing } from './ask-to-issue.js';
import { keyOf } from './choose.js';

export interface RenewOptions {
  /** Until the certificate in the Secret is another one. @default false */
  readonly wait?: boolean;
  /** Of one Certificate. @default 300 */
  readonly timeoutSeconds?: number;
  /** Between two beginnings. @default 0 */
  readonly staggerSeconds?: number;
  /** Under way at a time, with `wait`. @default 5 */
  readonly maxParallel?: number;
  readonly onResult?: (renewal: Renewal) => void;
}

export interface Renewal {
  readonly certificate: string;
  /**
   * `renewed`: the Secret holds another certificate with its key. `asked`: cert-manager was asked. `under-way`: it was being issued
   * already, and is left alone. `failed`. `not-begun`: another one failed before.
   */
  readonly outcome: 'renewed' | 'asked' | 'under-way' | 'failed' | 'not-begun';
  readonly message: string;
}

const [CERTIFICATE, SECRET] = ['Certificate', 'Secret'].map(kind => DOCTOR_RESOURCES.find(resource => resource.kind === kind));
const POLL_MS = 500;
/** Conflicts with the controller, which writes the same status. */
const MOST_CONFLICTS = 5;

/** Renews Certificates as `cmctl renew` does, some at a time; once one has failed, none is begun any more: the cause is mostly common. */
export async function renew(api: Api, certificates: readonly KubernetesObject[], options: RenewOptions = {}): Promise<Renewal[]> {
  const results: Renewal[] = [];
  const waiting = [...certificates];
  let failed = false;
  let begin = Promise.resolve();
  /** One after the other, `stagger` apart, whoever of the workers it is. */
  const turn = (): Promise<void> => {
    const mine = begin;
    begin = begin.then(() => pause((options.staggerSeconds ?? 0) * 1000));
    return mine;
  };
  const worker = async (): Promise<void> => {
    for (;;) {
      if (waiting.length === 0) return;
      await turn();
      const certificate = waiting.shift();
      if (certificate === undefined) return;
      const result: Renewal = failed
        ? { certificate: keyOf(certificate), outcome: 'not-begun', message: 'another one failed before' }
        : await renewOne(api, certificate, options);
      failed ||= result.outcome === 'failed';
      results.push(result);
      options.onResult?.(result);
    }
  };
  const workers = options.wait === true ? Math.min(options.maxParallel ?? 5, certificates.length) : 1;
  await Promise.all(Array.from({ length: workers }, worker));
  return results.sort((a, b) => a.certificate.localeCompare(b.certificate));
}

async function renewOne(api: Api, certificate: KubernetesObject, options: RenewOptions): Promise<Renewal> {
  const result = (outcome: Renewal['outcome'], message: string): Renewal => ({ certificate: keyOf(certificate), outcome, message });
  try {
    const before = await secretOf(api, certificate);
    const revision = numberAt(certificate, 'status', 'revision') ?? 0;
    const since = await ask(api, certificate);
    if (since !== undefined)
      return result(
        'under-way',
        `it is being issued since ${new Date(since).toISOString()}; when that does not end, delete its newest CertificateRequest`,
      );
    if (options.wait !== true) return result('asked', 'cert-manager was asked to issue it');
    return await untilRenewed(api, certificate, fingerprint(before), revision, options, result);
  } catch (error) {
    if (error instanceof Error && ['ApiFailure', 'NoReply'].includes(error.name)) return result('failed', error.message);
    throw error;
  }
}

/** Sets the condition Issuing, as cmctl does. Returns since when it is set already. */
async function ask(api: Api, certificate: KubernetesObject): Promise<number | undefined> {
  for (let conflict = 0; ; conflict++) {
    const path = pathOf(CERTIFICATE, certificate);
    const current = (await api.get(path)) as KubernetesObject;
    const issuing = condition(current, 'Issuing');
    if (issuing?.status === 'True') return issuing.since;
    try {
      // with the resourceVersion that was read: a change in between is a conflict, and not overwritten
      await api.ask({ method: 'PUT', path: `${path}/status`, body: withIssuing(current, Date.now() + (api.skewMs ?? 0)) });
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiFailure && error.status === 409 && conflict < MOST_CONFLICTS)) throw error;
    }
  }
}

async function untilRenewed(
  api: Api,
  certificate: KubernetesObject,
  before: string | undefined,
  revision: number,
  options: RenewOptions,
  result: (outcome: Renewal['outcome'], message: string) => Renewal,
): Promise<Renewal> {
  const seconds = options.timeoutSeconds ?? 300;
  const failedBefore = textAt(certificate, 'status', 'lastFailureTime');
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    await pause(POLL_MS);
    const current = (await api.get(pathOf(CERTIFICATE, certificate))) as KubernetesObject;
    const issuing = condition(current, 'Issuing');
    if (issuing?.status !== 'True') {
      const failedAt = textAt(current, 'status', 'lastFailureTime');
      if (issuing?.status === 'False' && failedAt !== '' && failedAt !== failedBefore)
        return result('failed', `${issuing.reason}: ${issuing.message}`);
      const secret = await secretOf(api, current);
      const now = fingerprint(secret);
      if (secret === undefined && (numberAt(current, 'status', 'revision') ?? 0) > revision)
        return result('asked', 'a new revision was issued; the Secret can’t be read, so it was not looked at');
      if (now !== undefined && now !== before) {
        if (secret?.held['tls.key']?.fits !== true) return result('failed', 'the Secret has a new certificate, and not its key');
        return result('renewed', `the Secret holds a certificate until ${chainAt(secret, 'tls.crt').certificates[0]?.validTo}`);
      }
    }
    if (Date.now() > deadline)
      return result(
        'failed',
        `not renewed within ${seconds} s; kubectl describe certificate ${certificate.metadata.name} -n ${certificate.metadata.namespace}`,
      );
  }
}

/** Undefined where it is not there, or may not be read. */
async function secretOf(api: Api, certificate: KubernetesObject): Promise<PublicSecret | undefined> {
  const name = textAt(certificate, 'spec', 'secretName');
  try {
    const secret = await api.get(pathOf(SECRET, { ...certificate, metadata: { ...certificate.metadata, name } }));
    return publicSecret(secret as KubernetesObject);
  } catch (error) {
    if (error instanceof ApiFailure && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

const fingerprint = (secret: PublicSecret | undefined): string | undefined =>
  secret && chainAt(secret, 'tls.crt').certificates[0]?.fingerprint256;

function pathOf(resource: (typeof DOCTOR_RESOURCES)[number] | undefined, { metadata }: KubernetesObject): string {
  if (resource === undefined) throw new Error('the table of resources lacks a kind that is renewed');
  return `${listPath(resource, metadata.namespace)}/${encodeURIComponent(metadata.name)}`;
}
