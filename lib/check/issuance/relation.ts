import type { Plan, ServicePlan } from '../../fleet/plan.js';
import { type FieldPath, type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import { IssuanceError } from '../../pki/authority-request.js';
import { Namespaces } from '../network/namespaces.js';
import { certificateOf } from '../prove/parties.js';
import { requestName, requestOf } from './certificate-request.js';
import { type Grant, grantsOf, includes } from './rbac.js';
import { NAME_FIELDS, type NameField, RequestPolicy } from './request-policy.js';
import { type Signer, signersOf } from './signers.js';

/** ServiceAccount of cert-manager's controller, under which the requests of Certificates are made. */
const CONTROLLER = 'cert-manager';
const GROUP = 'policy.cert-manager.io';
/** A Certificate that need not exist; no object can have this name. */
export const ANY_CERTIFICATE = 'any.other.Certificate';
/** A name that nobody declared. */
export const STRANGER = 'a name of nobody';
const STRANGERS: Readonly<Record<NameField, string>> = {
  uris: 'spiffe://stranger.invalid/ns/none/sa/none',
  dnsNames: 'stranger.invalid',
  ipAddresses: '192.0.2.1',
  emailAddresses: 'nobody@stranger.invalid',
};

/** Somebody obtains a name, by a policy that approves it. */
export interface Obtains {
  readonly policy: KubernetesObject;
  readonly path: FieldPath;
  readonly namespace: string;
  /** Certificate whose requests are approved; ANY_CERTIFICATE for one that is still to be made. */
  readonly certificate: string;
  /** A subject that may use the policy by itself, besides cert-manager. */
  readonly subject: string | undefined;
  readonly binding: KubernetesObject | undefined;
  readonly field: NameField;
  readonly name: string;
}

/** Why the declared Certificate of a service is not approved. */
export interface Refusal {
  readonly object: KubernetesObject | undefined;
  readonly path: FieldPath;
  readonly text: string;
}

/**
 * Who can obtain which name from a signer that the fleet believes, by CertificateRequestPolicies and the right to use
 * them. Whoever may make Certificates in a namespace can make one of any name that is still free, so a policy that
 * does not ask for the name of the request serves all of them.
 */
export class IssuanceRelation {
  readonly signers: readonly Signer[];
  readonly policies: readonly RequestPolicy[];
  readonly #policiesByName: ReadonlyMap<string, RequestPolicy>;
  readonly #grantsByPolicy = new Map<string, Grant[]>();
  readonly #grantsOfAll: readonly Grant[];
  readonly #namespaces: Namespaces;

  constructor(
    private readonly objects: ObjectSet,
    private readonly plan: Plan,
  ) {
    this.signers = signersOf(objects, plan);
    this.policies = objects.ofKind('CertificateRequestPolicy', GROUP).map(object => new RequestPolicy(object));
    this.#policiesByName = new Map(this.policies.map(policy => [policy.name, policy]));
    const grants = grantsOf(objects, GROUP, 'certificaterequestpolicies', 'use');
    this.#grantsOfAll = grants.filter(({ resourceNames }) => resourceNames === undefined);
    for (const grant of grants) {
      for (const name of new Set(grant.resourceNames)) {
        const list = this.#grantsByPolicy.get(name);
        if (list) list.push(grant);
        else this.#grantsByPolicy.set(name, [grant]);
      }
    }
    this.#namespaces = new Namespaces(objects);
  }

  /** Why approver-policy does not let the Certificate of a service through; undefined when it does. */
  refusal(service: ServicePlan): Refusal | undefined {
    const certificate = certificateOf(this.objects, service);
    if (!certificate)
      return { object: undefined, path: [], text: `no Certificate writes Secret ${service.namespace}/${service.certificate.secretName}` };
    try {
      return this.#refusalOf(certificate, service);
    } catch (error) {
      if (error instanceof IssuanceError) return { object: certificate, path: ['spec'], text: error.message };
      throw error;
    }
  }

  #refusalOf(certificate: KubernetesObject, service: ServicePlan): Refusal | undefined {
    const request = requestOf(certificate);
    let nearest: Refusal | undefined;
    // the fleet's own policy nearly always decides, and else says most about why not
    const own = this.#policiesByName.get(`${this.plan.fleet}-service-${service.name}`);
    for (const policy of [...(own ? [own] : []), ...this.policies]) {
      const { object } = policy;
      const note = (path: FieldPath, text: string): void => {
        nearest ??= { object, path, text };
      };
      if (!policy.selectsIssuer(request.issuerRef))
        note(['spec', 'selector', 'issuerRef'], `does not select ${request.issuerRef.kind} ${request.issuerRef.name}`);
      else if (!policy.selectsNamespace(request.namespace, this.#namespaces.labels(request.namespace)))
        note(['spec', 'selector', 'namespace'], `does not select namespace ${request.namespace}`);
      else if (
        !this.#usersOf(policy).some(grant => this.#isController(grant) && (grant.namespace ?? request.namespace) === request.namespace)
      )
        note([], `may not be used by cert-manager in namespace ${request.namespace}`);
      else {
        const objection = policy.objection(request);
        if (!objection) return undefined;
        note(objection.path, objection.text);
      }
    }
    return nearest ?? { object: undefined, path: [], text: 'no CertificateRequestPolicy was rendered' };
  }

  /** Everybody who obtains a name beyond the declared ones. */
  undeclared(): readonly Obtains[] {
    const known = this.#declaredNames();
    const certificates = this.#certificatesByNamespace();
    return this.policies.flatMap(policy => {
      const signers = this.signers.filter(signer => policy.selectsIssuer(signer));
      if (signers.length === 0) return [];
      const users = this.#usersOf(policy);
      const candidates = new Set([
        ...certificates.keys(),
        ...policy.namedNamespaces,
        ...signers.flatMap(({ namespace }) => namespace ?? []),
        ...users.flatMap(({ namespace }) => namespace ?? []),
        'another.namespace',
      ]);
      return [...candidates].flatMap(namespace => {
        const serves = signers.some(signer => signer.namespace === undefined || signer.namespace === namespace);
        if (!serves || !policy.selectsNamespace(namespace, this.#namespaces.labels(namespace))) return [];
        const here = users.filter(grant => (grant.namespace ?? namespace) === namespace);
        const own = certificates.get(namespace) ?? new Map<string, ServicePlan>();
        return [
          ...(here.some(grant => this.#isController(grant)) ? this.#throughCertificates(policy, namespace, own, known) : []),
          ...here.filter(grant => !this.#isControllerAlone(grant)).flatMap(grant => this.#directly(policy, namespace, grant, own, known)),
        ];
      });
    });
  }

  #throughCertificates(
    policy: RequestPolicy,
    namespace: string,
    own: ReadonlyMap<string, ServicePlan>,
    known: KnownNames,
  ): readonly Obtains[] {
    const names = policy.asksName
      ? [...own.keys(), ANY_CERTIFICATE, ...this.#strangeCertificates(policy, own)]
      : [...own.keys(), ANY_CERTIFICATE];
    return names.flatMap(certificate => {
      const at = { name: requestName(certificate), namespace };
      if (!policy.isFeasible(at)) return [];
      const mine = own.get(certificate)?.certificate;
      return this.#allowed(policy, at, known)
        .filter(({ field, name }) => !mine || !(field === 'emailAddresses' ? [] : mine[field]).includes(name))
        .map(found => ({ ...found, policy: policy.object, namespace, certificate, subject: undefined, binding: undefined }));
    });
  }

  /** A subject of its own chooses the name of its request. */
  #directly(
    policy: RequestPolicy,
    namespace: string,
    grant: Grant,
    own: ReadonlyMap<string, ServicePlan>,
    known: KnownNames,
  ): readonly Obtains[] {
    const certificate = [...own.keys(), ANY_CERTIFICATE].find(name => policy.isFeasible({ name: requestName(name), namespace }));
    if (certificate === undefined) return [];
    const found = this.#allowed(policy, { name: requestName(certificate), namespace }, known);
    return found
      .slice(0, 1)
      .map(each => ({ ...each, policy: policy.object, namespace, certificate, subject: grant.subject, binding: grant.binding }));
  }

  #allowed(
    policy: RequestPolicy,
    at: { readonly name: string; readonly namespace: string },
    known: KnownNames,
  ): readonly { readonly field: NameField; readonly name: string; readonly path: FieldPath }[] {
    return NAME_FIELDS.flatMap(field => {
      const values = policy.valuesOf(field);
      const written = values.map(value => value.replaceAll('*', 'x'));
      // patterns are tried on every declared name, and on one that nobody has
      const tried =
        values.every(value => !value.includes('*')) && values.length > 0 ? written : [...written, ...known[field], STRANGERS[field]];
      return [...new Set(tried)]
        .filter(self => policy.allowsName(field, { ...at, self }))
        .map(name => ({ field, name: name === STRANGERS[field] ? STRANGER : name, path: policy.pathOf(field) }));
    });
  }

  /** Names of Certificates that a rule asks for and nobody has made. */
  #strangeCertificates({ object }: RequestPolicy, own: ReadonlyMap<string, unknown>): readonly string[] {
    const rules = [...JSON.stringify(valueAt(object, ['spec', 'allowed'])).matchAll(/\^([a-z0-9.[\]-]+?)-\[0-9\]\+\$/g)];
    return rules.map(([, name = '']) => name.replaceAll('[.]', '.')).filter(name => name !== '' && !own.has(name));
  }

  #usersOf(policy: RequestPolicy): readonly Grant[] {
    return [...this.#grantsOfAll, ...(this.#grantsByPolicy.get(policy.name) ?? [])];
  }

  #isController(grant: Grant): boolean {
    return includes(grant, this.plan.certManagerNamespace, CONTROLLER);
  }

  #isControllerAlone({ subject }: Grant): boolean {
    return subject === `system:serviceaccount:${this.plan.certManagerNamespace}:${CONTROLLER}`;
  }

  #declaredNames(): KnownNames {
    const certificates = this.plan.services.map(({ certificate }) => certificate);
    const all = (field: 'uris' | 'dnsNames' | 'ipAddresses'): readonly string[] => [...new Set(certificates.flatMap(each => each[field]))];
    return { uris: all('uris'), dnsNames: all('dnsNames'), ipAddresses: all('ipAddresses'), emailAddresses: [] };
  }

  #certificatesByNamespace(): ReadonlyMap<string, ReadonlyMap<string, ServicePlan>> {
    const found = new Map<string, Map<string, ServicePlan>>();
    for (const service of this.plan.services) {
      const list = found.get(service.namespace) ?? new Map<string, ServicePlan>();
      found.set(service.namespace, list.set(service.certificate.secretName, service));
    }
    return found;
  }
}

type KnownNames = Readonly<Record<NameField, readonly string[]>>;
