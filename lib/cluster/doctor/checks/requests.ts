import type { KubernetesObject } from '../../../objects/index.js';
import { durationText, isSet, mapAt, numberAt, textAt } from '../../_values.js';
import { condition, isReady, type Living } from '../../state/index.js';
import { at, renewCommand } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const section = 'requests' as const;
const needs = [NEEDS.requests];

/** 2 minutes: approval takes a second. */
const APPROVAL_MS = 120_000;
/** 10 minutes: longer than any private issuer takes; ACME may take more. */
const ISSUING_MS = 600_000;
/** The history is 1 since 1.18; this many come from a storm, or from a version without a limit. */
const MANY_REQUESTS = 20;

const has = (object: KubernetesObject, type: string): boolean => condition(object, type)?.status === 'True';

/** Requests that nobody has decided on. */
function* undecided(living: Living): Generator<KubernetesObject> {
  for (const request of living.objects.ofKind('CertificateRequest'))
    if (
      !has(request, 'Approved') &&
      !has(request, 'Denied') &&
      Date.parse(textAt(request, 'metadata', 'creationTimestamp')) + APPROVAL_MS < living.now
    )
      yield request;
}

const isExternal = (request: KubernetesObject): boolean => !['', 'cert-manager.io'].includes(textAt(request, 'spec', 'issuerRef', 'group'));

const hasApproverPolicy = (living: Living): boolean =>
  living.ofComponent('approver-policy').length > 0 || living.objects.ofKind('CertificateRequestPolicy').length > 0;

const events = (living: Living, kind: string, object: KubernetesObject): readonly KubernetesObject[] =>
  living.events(kind, object.metadata.namespace ?? '', object.metadata.name);

export const REQUESTS: readonly Check[] = [
  {
    code: 'SMT-D033',
    name: 'nobody-approves',
    section,
    level: 'error',
    title: 'somebody decides on requests',
    why: 'nothing is ever signed: cert-manager’s own approver is off, and there is no other.',
    next: 'install approver-policy, or set disableAutoApproval=false; for one: cmctl approve NAME',
    needs,
    *find(living) {
      if (hasApproverPolicy(living)) return;
      for (const request of undecided(living)) if (!isExternal(request)) yield at(request, 'it is neither approved nor denied');
    },
  },
  {
    code: 'SMT-D034',
    name: 'no-request-policy-applies',
    section,
    level: 'error',
    title: 'a request policy applies to every request',
    why: 'the request waits for ever: a policy counts only for who may "use" it.',
    next: 'bind the verb use on the CertificateRequestPolicy to cert-manager’s ServiceAccount',
    needs,
    *find(living) {
      if (!hasApproverPolicy(living)) return;
      for (const request of undecided(living)) {
        if (isExternal(request)) continue;
        const said = events(living, 'CertificateRequest', request).find(event => textAt(event, 'reason') === 'Unprocessed');
        yield at(request, said === undefined ? 'it is neither approved nor denied' : textAt(said, 'message'));
      }
    },
  },
  {
    code: 'SMT-D035',
    name: 'denied',
    section,
    level: 'error',
    title: 'no request was denied',
    why: 'the certificate in use ends without a successor.',
    next: 'change the Certificate, or the policy that the message names',
    needs,
    *find(living) {
      for (const request of living.objects.ofKind('CertificateRequest')) {
        const denied = condition(request, 'Denied');
        if (denied?.status === 'True') yield at(request, `${denied.reason}: ${denied.message}`);
      }
    },
  },
  {
    code: 'SMT-D036',
    name: 'two-approvers',
    section,
    level: 'error',
    title: 'approver-policy decides alone',
    why: 'cert-manager approves everything in the same second: the policies hold nobody back.',
    next: 'helm upgrade cert-manager … --set disableAutoApproval=true',
    needs: [NEEDS.deployments, NEEDS.clusterBindings],
    *find(living) {
      if (living.ofComponent('approver-policy').length === 0) return;
      for (const binding of living.objects.ofKind('ClusterRoleBinding'))
        if (/controller-approve:cert-manager-io$/.test(textAt(binding, 'roleRef', 'name')))
          yield at(binding, 'cert-manager’s own approver may still approve');
    },
  },
  {
    code: 'SMT-D037',
    name: 'external-not-approvable',
    section,
    level: 'error',
    title: 'requests to issuers of others can be approved',
    why: 'the request waits for ever: the approver needs a right on the signer’s name.',
    next: 'add <plural>.<group>/* to approveSignerNames of cert-manager or of approver-policy',
    needs,
    *find(living) {
      for (const request of undecided(living))
        if (isExternal(request))
          yield at(
            request,
            `nobody has decided on it; its issuer is ${textAt(request, 'spec', 'issuerRef', 'kind')}.${textAt(request, 'spec', 'issuerRef', 'group')}`,
          );
    },
  },
  {
    code: 'SMT-D038',
    name: 'request-failed',
    section,
    level: 'error',
    title: 'the last request of each Certificate has not failed',
    why: 'the next try is after a pause that doubles each time, up to 32 hours.',
    next: 'mend the cause, then sentinel-mtls renew, which does not wait',
    needs: [...needs, NEEDS.certificates],
    *find(living) {
      for (const certificate of living.certificates) {
        const attempts = numberAt(certificate.object, 'status', 'failedIssuanceAttempts') ?? 0;
        const failedAt = Date.parse(textAt(certificate.object, 'status', 'lastFailureTime'));
        const [request] = living.requests(certificate);
        const ready = request && condition(request, 'Ready');
        const failed = ready?.reason === 'Failed';
        if (!failed && attempts === 0) continue;
        const wait = Math.min(2 ** Math.max(0, attempts - 1), 32) * 3_600_000;
        const then = Number.isNaN(failedAt) ? '' : `, the next try is at ${new Date(failedAt + wait).toISOString()}`;
        yield {
          ...at(certificate.object, `${failed ? ready.message : `${attempts} attempts failed`}${then}`),
          next: renewCommand(certificate),
        };
      }
    },
  },
  {
    code: 'SMT-D039',
    name: 'issuing-for-long',
    section,
    level: 'error',
    title: 'nothing is being issued for long',
    why: 'it will not end by itself; the certificate in use goes on until it ends.',
    next: 'kubectl describe the newest CertificateRequest; delete it to begin anew',
    needs: [...needs, NEEDS.certificates],
    *find(living) {
      for (const certificate of living.certificates) {
        const issuing = condition(certificate.object, 'Issuing');
        if (issuing?.status !== 'True' || !(issuing.since + ISSUING_MS < living.now)) continue;
        const [request] = living.requests(certificate);
        const about =
          request === undefined
            ? 'and there is no request'
            : `its request ${request.metadata.name} is ${condition(request, 'Ready')?.reason ?? 'undecided'}`;
        yield at(certificate.object, `it is being issued for ${durationText((living.now - issuing.since) / 1000)}, ${about}`);
      }
    },
  },
  {
    code: 'SMT-D040',
    name: 'key-can-not-be-made-anew',
    section,
    level: 'error',
    title: 'keys that must change may change',
    why: 'algorithm or size were changed while rotationPolicy is Never: it is never issued.',
    next: 'set privateKey.rotationPolicy: Always, or delete the Secret',
    needs: [NEEDS.certificates, NEEDS.certificateEvents],
    *find(living) {
      for (const { object } of living.certificates) {
        const said = events(living, 'Certificate', object).find(event => textAt(event, 'reason') === 'CannotRegenerateKey');
        if (said !== undefined && has(object, 'Issuing')) yield at(object, textAt(said, 'message'));
      }
    },
  },
  {
    code: 'SMT-D041',
    name: 'keystore-password-missing',
    section,
    level: 'error',
    title: 'passwords of keystores are there',
    why: 'the Secret is never written.',
    next: 'make the Secret with the password in the namespace of the Certificate',
    needs: [NEEDS.certificates, NEEDS.secrets],
    *find(living) {
      for (const { object, spec, namespace } of living.certificates)
        for (const store of ['jks', 'pkcs12']) {
          const reference = mapAt(spec, 'keystores', store, 'passwordSecretRef');
          const name = textAt(reference, 'name');
          if (name === '') continue;
          const secret = living.secret(namespace, name);
          const key = textAt(reference, 'key');
          if (secret === undefined) yield at(object, `Secret ${name} with the password of its ${store} keystore is not there`);
          else if (!((secret.held[key]?.bytes ?? 0) > 0)) yield at(object, `Secret ${name} has no value for "${key}"`);
        }
    },
  },
  {
    code: 'SMT-D069',
    name: 'many-requests',
    section,
    level: 'warning',
    title: 'no Certificate has left many requests behind',
    why: 'each keeps a certificate in etcd; thousands slow the controller down.',
    next: 'set revisionHistoryLimit; look for a renewal storm',
    needs: [...needs, NEEDS.certificates],
    *find(living) {
      for (const certificate of living.certificates) {
        const count = living.requests(certificate).length;
        if (count > MANY_REQUESTS) yield at(certificate.object, `it has ${count} CertificateRequests`);
      }
    },
  },
  {
    code: 'SMT-D072',
    name: 'request-missing',
    section,
    level: 'warning',
    title: 'each issued Certificate still has its request',
    why: 'after a restore changes of duration, usages or subject are not noticed any more.',
    next: 'renew it once: sentinel-mtls renew',
    needs: [...needs, NEEDS.certificates],
    *find(living) {
      for (const certificate of living.certificates)
        if (isReady(certificate) && isSet(certificate.object, 'status', 'revision') && living.requests(certificate).length === 0)
          yield { ...at(certificate.object, 'it was issued, and there is no CertificateRequest'), next: renewCommand(certificate) };
    },
  },
];
