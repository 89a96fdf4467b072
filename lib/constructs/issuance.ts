import { Construct } from 'constructs';
import type { CaCertificatePlan, Plan, ServicePlan } from '../fleet/plan.js';
import { CA_USAGES } from './ca-certificate.js';
import { Manifest } from './manifest.js';
import { CERT_MANAGER_SERVICE_ACCOUNT, fleetLabels, requestPolicyName, serviceLabels } from './names.js';
import { OtherIssuers } from './other-issuers.js';
import { allowedSubject, exactConstraints, exactly, oneOf, onlyFrom, RequestPolicy } from './request-policy.js';

export interface IssuanceProps {
  readonly plan: Plan;
}

/** Who may obtain which identity, for approver-policy: a service its own, and nobody any other from this authority. */
export class Issuance extends Construct {
  private readonly policiesByNamespace = new Map<string, string[]>();

  constructor(scope: Construct, id: string, props: IssuanceProps) {
    super(scope, id);
    const { plan } = props;
    if (!plan.issuance) return;
    for (const service of plan.services) {
      this.addService(plan, service);
      this.addPublic(plan, service);
    }
    if (plan.authority.kind === 'selfSigned') {
      this.addAuthority(plan, 'root', plan.authority.root);
      if (plan.authority.intermediate) this.addAuthority(plan, 'intermediate', plan.authority.intermediate);
    }
    for (const [namespace, names] of this.policiesByNamespace) this.addUse(plan, namespace, names);
    new OtherIssuers(this, 'other issuers', { plan, issuers: plan.otherIssuers });
  }

  private addService(plan: Plan, service: ServicePlan): void {
    const { certificate } = service;
    const name = requestPolicyName(plan, 'service', service.name);
    new RequestPolicy(this, `service ${service.name}`, {
      name,
      issuer: plan.authority.issuerRef,
      namespaces: [service.namespace],
      labels: serviceLabels(plan, service),
      allowed: {
        ...(certificate.commonName !== undefined && { commonName: exactly(certificate.commonName) }),
        ...(certificate.dnsNames.length > 0 && { dnsNames: oneOf(certificate.dnsNames) }),
        ...(certificate.ipAddresses.length > 0 && { ipAddresses: oneOf(certificate.ipAddresses) }),
        uris: oneOf(certificate.uris, onlyFrom(certificate.secretName)),
        usages: certificate.usages,
        ...(certificate.subject && { subject: allowedSubject(certificate.subject) }),
      },
      constraints: exactConstraints(certificate.durationSeconds, certificate.key),
    });
    this.remember(service.namespace, name);
  }

  private addPublic(plan: Plan, service: ServicePlan): void {
    const certificate = service.publicCertificate;
    if (!certificate || !plan.publicAuthority) return;
    const name = requestPolicyName(plan, 'public', service.name);
    new RequestPolicy(this, `public ${service.name}`, {
      name,
      issuer: plan.publicAuthority.issuerRef,
      namespaces: [service.namespace],
      labels: serviceLabels(plan, service),
      allowed: { dnsNames: oneOf(certificate.dnsNames, onlyFrom(certificate.secretName)), usages: certificate.usages },
    });
    this.remember(service.namespace, name);
  }

  private addAuthority(plan: Plan, role: 'root' | 'intermediate', certificate: CaCertificatePlan): void {
    const name = requestPolicyName(plan, 'authority', role);
    new RequestPolicy(this, `authority ${role}`, {
      name,
      issuer: certificate.issuerRef,
      namespaces: [certificate.namespace],
      labels: fleetLabels(plan),
      allowed: { commonName: exactly(certificate.commonName, onlyFrom(certificate.name)), isCA: true, usages: CA_USAGES },
      constraints: exactConstraints(certificate.durationSeconds, certificate.key),
    });
    this.remember(certificate.namespace, name);
  }

  private remember(namespace: string, policy: string): void {
    const policies = this.policiesByNamespace.get(namespace);
    if (policies) policies.push(policy);
    else this.policiesByNamespace.set(namespace, [policy]);
  }

  /** The requests of a Certificate are cert-manager's own, so it is cert-manager that must be allowed to use a policy. */
  private addUse(plan: Plan, namespace: string, policies: readonly string[]): void {
    const metadata = { name: `${plan.fleet}-request-policies`, namespace, labels: fleetLabels(plan) };
    new Manifest(this, `role ${namespace}`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: ['policy.cert-manager.io'], resources: ['certificaterequestpolicies'], resourceNames: policies, verbs: ['use'] },
      ],
    });
    new Manifest(this, `role binding ${namespace}`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: CERT_MANAGER_SERVICE_ACCOUNT, namespace: plan.certManagerNamespace }],
    });
  }
}
