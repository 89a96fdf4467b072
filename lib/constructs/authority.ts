import { Construct } from 'constructs';
import type { CaCertificatePlan, IssuerRef, Plan, PublicAuthorityPlan } from '../fleet/plan.js';
import type { NonEmpty } from '../fleet/types.js';
import { CaCertificate, CertificateIssuer } from './ca-certificate.js';
import { fleetLabels } from './names.js';
import { VaultIssuer } from './vault-issuer.js';

export interface AuthorityProps {
  readonly plan: Plan;
}

/** Whoever signs the fleet's certificates: one authority an environment. */
export class Authority extends Construct {
  private readonly labels: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: AuthorityProps) {
    super(scope, id);
    const { authority, publicAuthority, namespaces } = props.plan;
    this.labels = fleetLabels(props.plan);
    switch (authority.kind) {
      case 'selfSigned':
        this.addSelfSigned(authority.issuerRef, authority.issuerNamespace, authority.root, authority.intermediate);
        break;
      case 'existing':
        this.addCaIssuer('ca-issuer', authority.issuerRef, authority.issuerNamespace, authority.secretName);
        break;
      case 'vault':
        new VaultIssuer(this, 'vault', { plan: props.plan, authority, vault: authority.vault });
        break;
      case 'external':
        // Somebody else's issuer signs; there is nothing of ours to make.
        break;
      default:
        authority satisfies never;
    }
    if (publicAuthority) this.addPublic(publicAuthority, namespaces);
  }

  private addSelfSigned(
    issuerRef: IssuerRef,
    namespace: string | undefined,
    root: CaCertificatePlan,
    intermediate: CaCertificatePlan | undefined,
  ): void {
    new CertificateIssuer(this, 'selfsigned-issuer', {
      issuerRef: root.issuerRef,
      namespace,
      labels: this.labels,
      spec: { selfSigned: {} },
    });
    new CaCertificate(this, 'root', { certificate: root, labels: this.labels });
    if (intermediate) {
      this.addCaIssuer('root-issuer', intermediate.issuerRef, namespace, root.secretName);
      new CaCertificate(this, 'intermediate', { certificate: intermediate, labels: this.labels });
    }
    this.addCaIssuer('ca-issuer', issuerRef, namespace, (intermediate ?? root).secretName);
  }

  private addCaIssuer(id: string, issuerRef: IssuerRef, namespace: string | undefined, secretName: string): void {
    new CertificateIssuer(this, id, { issuerRef, namespace, labels: this.labels, spec: { ca: { secretName } } });
  }

  private addPublic(authority: PublicAuthorityPlan, namespaces: NonEmpty<string>): void {
    const spec = {
      acme: {
        server: authority.server,
        email: authority.email,
        ...(authority.profile !== undefined && { profile: authority.profile }),
        privateKeySecretRef: { name: `${authority.issuerRef.name}-account-key` },
        solvers: authority.solvers,
      },
    };
    const props = { issuerRef: authority.issuerRef, labels: this.labels, spec };
    if (authority.issuerRef.kind === 'ClusterIssuer') {
      new CertificateIssuer(this, 'public-issuer', { ...props, namespace: undefined });
      return;
    }
    for (const namespace of namespaces) new CertificateIssuer(this, `public-issuer-${namespace}`, { ...props, namespace });
  }
}
