import { Construct } from 'constructs';
import type { IssuerRef, Plan } from '../fleet/plan.js';
import { Manifest } from './manifest.js';
import { CERT_MANAGER_SERVICE_ACCOUNT, fleetLabels, requestPolicyName } from './names.js';
import { anything, celString, type IssuerSelector, RequestPolicy, type Validation } from './request-policy.js';

const CERT_MANAGER_GROUP = 'cert-manager.io';

export interface OtherIssuersProps {
  readonly plan: Plan;
  /** Issuers of other teams. */
  readonly issuers: readonly IssuerRef[];
}

/**
 * Lets every certificate go on that is not the fleet's business: with cert-manager's own approver off, a request that
 * no policy covers waits for ever. A selector can't say "every issuer but ours", so this allows whole kinds of
 * which none is ours, and beyond them only the issuers that were named.
 */
export class OtherIssuers extends Construct {
  private readonly policies: string[] = [];

  constructor(scope: Construct, id: string, props: OtherIssuersProps) {
    super(scope, id);
    const { plan } = props;
    const own = ownIssuers(plan);
    const ownKinds = new Set(own.filter(issuer => issuer.group === CERT_MANAGER_GROUP).map(issuer => issuer.kind));
    if (ownKinds.has('Issuer')) this.allow(plan, 'namespaces', { kind: 'Issuer', group: CERT_MANAGER_GROUP }, outsideOf(plan));
    else this.allow(plan, 'namespaced', { kind: 'Issuer', group: CERT_MANAGER_GROUP });
    if (!ownKinds.has('ClusterIssuer')) this.allow(plan, 'cluster', { kind: 'ClusterIssuer', group: CERT_MANAGER_GROUP });
    for (const issuer of props.issuers) {
      if (Object.values(issuer).some(part => part.includes('*'))) {
        throw new Error(
          `"${issuer.kind}/${issuer.name}" is a pattern, which may cover this fleet's own issuer\n  name each issuer of other teams`,
        );
      }
      if (own.some(mine => sameIssuer(mine, issuer))) {
        throw new Error(
          `${issuer.kind} "${issuer.name}" signs this fleet's certificates and can't be one of the other issuers\n` +
            '  take it out of the list: everybody could obtain every identity from it',
        );
      }
      this.allow(plan, `${issuer.kind.toLowerCase()}-${issuer.name}`, issuer);
    }
    this.addUse(plan);
  }

  private allow(plan: Plan, name: string, issuer: IssuerSelector, ...validations: readonly Validation[]): void {
    const policy = requestPolicyName(plan, 'others', name);
    new RequestPolicy(this, name, { name: policy, issuer, labels: fleetLabels(plan), allowed: anything(...validations) });
    this.policies.push(policy);
  }

  private addUse(plan: Plan): void {
    const metadata = { name: requestPolicyName(plan, 'others', 'use'), labels: fleetLabels(plan) };
    new Manifest(this, 'cluster role', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata,
      rules: [
        { apiGroups: ['policy.cert-manager.io'], resources: ['certificaterequestpolicies'], resourceNames: this.policies, verbs: ['use'] },
      ],
    });
    new Manifest(this, 'cluster role binding', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: CERT_MANAGER_SERVICE_ACCOUNT, namespace: plan.certManagerNamespace }],
    });
  }
}

/** Every issuer that the fleet made or signs with. */
function ownIssuers(plan: Plan): IssuerRef[] {
  const { authority, publicAuthority } = plan;
  const issuers = [authority.issuerRef];
  if (authority.kind === 'selfSigned') {
    issuers.push(authority.root.issuerRef);
    if (authority.intermediate) issuers.push(authority.intermediate.issuerRef);
  }
  if (publicAuthority) issuers.push(publicAuthority.issuerRef);
  return issuers;
}

function sameIssuer(a: IssuerRef, b: IssuerRef): boolean {
  return a.name === b.name && a.kind === b.kind && a.group === b.group;
}

/** For namespaced Issuers the namespace of the request tells ours from others; CEL can negate, a selector can't. */
function outsideOf(plan: Plan): Validation {
  const own = [
    ...new Set([...plan.namespaces, ...(plan.authority.issuerNamespace === undefined ? [] : [plan.authority.issuerNamespace])]),
  ].sort();
  return { rule: `!(cr.namespace in [${own.map(celString).join(', ')}])`, message: `a namespace of fleet ${plan.fleet}` };
}
