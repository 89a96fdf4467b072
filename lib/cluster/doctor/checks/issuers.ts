import type { X509Certificate } from 'node:crypto';
import type { IssuerView } from '../../../check/lint/world.js';
import { objectName } from '../../../objects/index.js';
import { textAt } from '../../_values.js';
import { condition, type Living } from '../../state/index.js';
import { byRule } from '../_by-rule.js';
import { at, inNamespace } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const section = 'issuers' as const;
const needs = [NEEDS.issuers, NEEDS.clusterIssuers];

interface Complaint {
  readonly issuer: IssuerView;
  readonly text: string;
}

const complaintsOf = new WeakMap<Living, readonly Complaint[]>();

/** What issuers of every type, and requests to them, say of their failure; found once for all checks. */
function complaints(living: Living): readonly Complaint[] {
  let found = complaintsOf.get(living);
  if (found === undefined) {
    found = [...findComplaints(living)];
    complaintsOf.set(living, found);
  }
  return found;
}

function* findComplaints(living: Living): Generator<Complaint> {
  for (const issuer of living.world.issuers) {
    const ready = condition(issuer.object, 'Ready');
    if (ready !== undefined && ready.status !== 'True') yield { issuer, text: `${ready.reason}: ${ready.message}` };
  }
  for (const certificate of living.certificates) {
    const [request] = living.requests(certificate);
    const ready = request && condition(request, 'Ready');
    if (request === undefined || ready === undefined || ready.status === 'True') continue;
    const issuer = living.world.issuerOf(certificate);
    if (issuer !== undefined) yield { issuer, text: `${ready.reason}: ${ready.message} (${objectName(request)})` };
  }
}

function byComplaint(check: Omit<Check, 'find' | 'section' | 'level' | 'needs'>, type: IssuerView['type'], pattern: RegExp): Check {
  return {
    ...check,
    section,
    level: 'error',
    needs: [...needs, NEEDS.requests],
    *find(living) {
      const told = new Set<string>();
      for (const { issuer, text } of complaints(living)) {
        const name = objectName(issuer.object);
        if (issuer.type !== type || !pattern.test(text) || told.has(name)) continue;
        told.add(name);
        yield { object: name, evidence: text };
      }
    },
  };
}

const VAULT_PATTERNS = {
  sealed: /sealed|not initialized|uninitiali[sz]ed/i,
  token: /invalid token|bad token|permission denied|code: 403/i,
  grant: /cannot create resource "serviceaccounts\/token"/,
  audience: /audience/i,
  tls: /x509: |certificate signed by unknown authority/,
};

export const ISSUERS: readonly Check[] = [
  {
    code: 'SMT-D015',
    name: 'issuer-not-found',
    section,
    level: 'error',
    title: 'every Certificate names an issuer that is there',
    why: 'the request waits for ever: an Issuer is found in its own namespace only.',
    next: 'kubectl get issuers -A; kubectl get clusterissuers',
    needs: [...needs, NEEDS.certificates],
    *find({ certificates, world }) {
      for (const certificate of certificates) {
        const { object, issuerRef } = certificate;
        if (issuerRef.group !== 'cert-manager.io' || !['Issuer', 'ClusterIssuer'].includes(issuerRef.kind) || world.issuerOf(certificate))
          continue;
        const others = world.issuers.filter(({ name }) => name === issuerRef.name).map(issuer => objectName(issuer.object));
        yield at(object, `${issuerRef.kind} ${issuerRef.name} is not there${others.length > 0 ? `; there is ${others.join(', ')}` : ''}`);
      }
    },
  },
  {
    code: 'SMT-D016',
    name: 'external-kind-without-group',
    section,
    level: 'error',
    title: 'issuers of others are named with their group',
    why: 'cert-manager looks for the kind among its own, and finds nothing.',
    next: 'set spec.issuerRef.group to the API group of the issuer',
    needs: [NEEDS.certificates],
    *find({ certificates }) {
      for (const { object, issuerRef } of certificates)
        if (issuerRef.group === 'cert-manager.io' && !['Issuer', 'ClusterIssuer'].includes(issuerRef.kind))
          yield at(object, `issuerRef is ${issuerRef.kind} ${issuerRef.name} without a group`);
    },
  },
  {
    code: 'SMT-D017',
    name: 'issuer-secret-elsewhere',
    section,
    level: 'error',
    title: 'Secrets of CA issuers are where cert-manager looks',
    why: 'the issuer is never ready: "secret not found". A ClusterIssuer is served from one namespace alone.',
    next: 'move the Secret, or its Certificate, into that namespace',
    needs: [...needs, NEEDS.secrets],
    *find(living) {
      for (const issuer of living.world.issuers) {
        if (issuer.type !== 'ca' || living.authority(issuer) !== undefined) continue;
        const name = textAt(issuer.config, 'secretName');
        const home = issuer.namespace ?? living.clusterResourceNamespace;
        const others = living.objects.ofKind('Secret', '').filter(({ metadata }) => metadata.name === name);
        const elsewhere = others.length === 0 ? '' : `; there is one in ${others.map(({ metadata }) => metadata.namespace).join(', ')}`;
        yield at(issuer.object, `Secret ${home}/${name} is not there${elsewhere}`);
      }
    },
  },
  {
    code: 'SMT-D018',
    name: 'issuer-secret-is-no-authority',
    section,
    level: 'error',
    title: 'Secrets of CA issuers hold authorities',
    why: 'the issuer is never ready, or signs what nobody accepts.',
    next: 'set isCA: true on the Certificate that writes the Secret',
    needs: [...needs, NEEDS.secrets],
    *find(living) {
      for (const { issuer, signer } of signers(living))
        if (!signer.ca) yield at(issuer.object, `the first certificate in Secret ${secretName(living, issuer)} is no authority`);
    },
  },
  byRule(
    {
      code: 'SMT-D023',
      name: 'secret-of-own-issuer',
      section,
      level: 'error',
      title: 'no Certificate writes the Secret of its own issuer',
      why: 'the first issuance overwrites the authority.',
      next: 'give the Certificate a Secret of its own',
      needs: [...needs, NEEDS.certificates],
    },
    'SMT-M009',
  ),
  byComplaint(
    {
      code: 'SMT-D025',
      name: 'vault-sealed',
      title: 'no Vault is sealed or uninitialised',
      why: 'nothing is issued until somebody unseals it.',
      next: 'vault status, vault operator unseal',
    },
    'vault',
    VAULT_PATTERNS.sealed,
  ),
  byComplaint(
    {
      code: 'SMT-D026',
      name: 'vault-login-refused',
      title: 'Vault takes the login of its issuers',
      why: 'a token from a Secret ends, and cert-manager does not renew it; or a role or policy was changed.',
      next: 'log in with the ServiceAccount (auth.kubernetes.serviceAccountRef); check role and policy in Vault',
    },
    'vault',
    VAULT_PATTERNS.token,
  ),
  {
    ...byComplaint(
      {
        code: 'SMT-D027',
        name: 'token-not-granted',
        title: 'cert-manager may make the tokens with which it logs in',
        why: 'the chart’s own right for it was removed in 1.21; each ServiceAccount needs a Role.',
        next: 'grant create on serviceaccounts/token with the name of the account to cert-manager’s ServiceAccount',
      },
      'vault',
      VAULT_PATTERNS.grant,
    ),
  },
  byComplaint(
    {
      code: 'SMT-D028',
      name: 'vault-audience-differs',
      title: 'Vault expects the audience that cert-manager asks for',
      why: 'the login is refused although role and account are right.',
      next: 'set bound_audiences of the role to vault://<namespace>/<issuer>, or vault://<clusterissuer>',
    },
    'vault',
    VAULT_PATTERNS.audience,
  ),
  byComplaint(
    {
      code: 'SMT-D029',
      name: 'vault-not-trusted',
      title: 'cert-manager trusts the certificate of its Vault',
      why: 'nothing is issued: the caBundle is missing, or the one before the last rotation.',
      next: 'set caBundleSecretRef to a Secret with the roots of Vault',
    },
    'vault',
    VAULT_PATTERNS.tls,
  ),
  byRule(
    {
      code: 'SMT-D030',
      name: 'vault-path-dialect',
      section,
      level: 'error',
      title: 'paths of Vault issuers are written as each field wants them',
      why: 'the login or the signing ends in 404 or 405.',
      next: 'path without /v1, mountPath with /v1/auth/',
      needs,
    },
    'SMT-M017',
    'SMT-M018',
  ),
  byComplaint(
    {
      code: 'SMT-D031',
      name: 'acme-account-refused',
      title: 'accounts of ACME issuers are registered',
      why: 'no Order can be made.',
      next: 'read the message; a Secret left over from another account is to be deleted',
    },
    'acme',
    /ErrRegisterACMEAccount|ErrVerifyACMEAccount|ErrUpdateACMEAccount|InvalidConfig|InvalidURL|InvalidSolver/,
  ),
  {
    code: 'SMT-D032',
    name: 'acme-profile-refused',
    section,
    level: 'error',
    title: 'the ACME server knows the profiles that are asked for',
    why: 'every Order of the issuer fails.',
    next: 'read the profiles in the directory of the server, and set spec.acme.profile to one of them',
    needs: [NEEDS.orders],
    *find({ objects }) {
      for (const order of objects.ofKind('Order')) {
        const reason = textAt(order, 'status', 'reason');
        if (['errored', 'invalid'].includes(textAt(order, 'status', 'state')) && /profile/i.test(reason)) yield at(order, reason);
      }
    },
  },
  {
    code: 'SMT-D103',
    name: 'issuer-not-ready',
    section,
    level: 'error',
    title: 'issuers that are used are ready',
    why: 'nothing that names it is issued or renewed.',
    next: 'kubectl describe the issuer: its condition has the cause',
    needs: [...needs, NEEDS.certificates],
    *find(living) {
      const used = new Set(living.certificates.map(certificate => living.world.issuerOf(certificate)));
      for (const issuer of living.world.issuers) {
        const ready = condition(issuer.object, 'Ready');
        if (ready?.status === 'True') continue;
        const evidence = ready === undefined ? 'cert-manager has not looked at it yet' : `${ready.reason}: ${ready.message}`;
        const next = `kubectl describe ${issuer.kind.toLowerCase()} ${issuer.name}${inNamespace(issuer.object)}`;
        yield { ...at(issuer.object, evidence), next, level: used.has(issuer) ? 'error' : 'warning' };
      }
    },
  },
];

/** The certificate with which each CA issuer signs. */
export function* signers(living: Living): Generator<{ readonly issuer: IssuerView; readonly signer: X509Certificate }> {
  for (const issuer of living.world.issuers) {
    const [signer] = living.authority(issuer)?.chain.certificates ?? [];
    if (signer !== undefined) yield { issuer, signer };
  }
}

export const secretName = (living: Living, issuer: IssuerView): string =>
  `${issuer.namespace ?? living.clusterResourceNamespace}/${textAt(issuer.config, 'secretName')}`;
