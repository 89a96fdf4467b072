import { policyConfigMapName } from '../../fleet/names.js';
import type { Plan, PortPlan, ServicePlan } from '../../fleet/plan.js';
import type { Policy, PolicyServerPort } from '../../fleet/policy.js';
import { type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import type { EmbeddedAuthority } from '../../pki/authority.js';
import type { Credential } from '../../pki/authority-credential.js';
import { IssuanceError } from '../../pki/authority-request.js';
import { PolicyError, parsePolicy } from './policy-reader.js';

/** A value that the manifests give, or why they do not. */
export type Rendered<T> = { readonly value: T } | { readonly problem: string };

/** A service as the manifests make it: what it shows in a handshake and whom it lets in. */
export interface Party {
  readonly service: ServicePlan;
  readonly certificate: KubernetesObject | undefined;
  readonly credential: Rendered<Credential>;
  readonly policy: Rendered<Policy>;
  /** As it is mounted. */
  readonly policyText: string | undefined;
}

/** Reads and issues what every service of the plan needs; keys are made side by side. */
export async function makeParties(objects: ObjectSet, plan: Plan, authority: EmbeddedAuthority): Promise<ReadonlyMap<string, Party>> {
  const parties = await Promise.all(
    plan.services.map(async (service): Promise<Party> => {
      const certificate = certificateOf(objects, service);
      const credential = await issue(authority, service, certificate);
      const policyText = policyTextOf(objects, service);
      return { service, certificate, credential, policy: parsed(policyText, service), policyText };
    }),
  );
  return new Map(parties.map(party => [party.service.name, party]));
}

/** The Certificate that writes the Secret that a service mounts. */
export function certificateOf(objects: ObjectSet, service: ServicePlan): KubernetesObject | undefined {
  let bySecret = certificatesBySecret.get(objects);
  if (!bySecret) {
    bySecret = new Map();
    for (const object of objects.ofKind('Certificate', 'cert-manager.io')) {
      const key = `${object.metadata.namespace}/${String(valueAt(object, ['spec', 'secretName']))}`;
      // the first of two that write one Secret
      if (!bySecret.has(key)) bySecret.set(key, object);
    }
    certificatesBySecret.set(objects, bySecret);
  }
  return bySecret.get(`${service.namespace}/${service.certificate.secretName}`);
}

/** Made once for each set, however many services ask. */
const certificatesBySecret = new WeakMap<ObjectSet, Map<string, KubernetesObject>>();

/** The ConfigMap that holds a service's policy.json. */
export function policyObjectOf(objects: ObjectSet, service: ServicePlan): KubernetesObject | undefined {
  return objects.get('ConfigMap', service.namespace, policyConfigMapName(service), '');
}

/** The entry of policy.json for a port that a service listens on. */
export function serverPortOf(party: Pick<Party, 'policy'>, port: PortPlan): Rendered<PolicyServerPort> {
  if ('problem' in party.policy) return party.policy;
  const found = party.policy.value.server.find(({ name, port: number }) => name === port.name && number === port.targetPort);
  return found ? { value: found } : { problem: `its policy.json has no server port ${port.name} on ${port.targetPort}` };
}

async function issue(
  authority: EmbeddedAuthority,
  service: ServicePlan,
  certificate: KubernetesObject | undefined,
): Promise<Rendered<Credential>> {
  if (!certificate) return { problem: `no Certificate writes Secret ${service.namespace}/${service.certificate.secretName}` };
  try {
    return { value: await authority.issue(certificate) };
  } catch (error) {
    if (error instanceof IssuanceError) return { problem: error.message };
    throw error;
  }
}

/** The text of the policy.json that a service mounts. */
function policyTextOf(objects: ObjectSet, service: ServicePlan): string | undefined {
  const text = valueAt(policyObjectOf(objects, service), ['data', 'policy.json']);
  return typeof text === 'string' ? text : undefined;
}

/** The policy.json that a service mounts. */
export const readPolicy = (objects: ObjectSet, service: ServicePlan): Rendered<Policy> => parsed(policyTextOf(objects, service), service);

function parsed(text: string | undefined, service: ServicePlan): Rendered<Policy> {
  if (text === undefined)
    return { problem: `there is no ConfigMap ${service.namespace}/${policyConfigMapName(service)} with a policy.json` };
  try {
    return { value: parsePolicy(text) };
  } catch (error) {
    if (error instanceof PolicyError) return { problem: error.message };
    throw error;
  }
}
