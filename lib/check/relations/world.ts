import { FLEET_LABEL } from '../../fleet/names.js';
import type { Plan, ServicePlan } from '../../fleet/plan.js';
import { type KubernetesObject, ObjectSet } from '../../objects/index.js';
import { Network, readPolicies, type Workload, workloadName, workloadsOf } from '../network/index.js';
import { isPods, NO_ROLES, RoleBook, type Roles } from './roles.js';
import { ANYWHERE, type Witness, witnessesOf } from './witnesses.js';

/** Somebody in the network of an environment: what was rendered, or a stand-in for what was not. */
export interface Participant {
  readonly workload: Workload;
  /** As differences name it. */
  readonly name: string;
  readonly roles: Roles;
  /** A stand-in shows nothing that is missing unless it plays a declared part. */
  readonly standIn: boolean;
}

/** The rendered network of one environment with everybody who takes part in it. */
export interface World {
  readonly network: Network;
  /** The rendered objects and the stand-ins. */
  readonly objects: ObjectSet;
  readonly participants: ReadonlyMap<Workload, Participant>;
  readonly byService: ReadonlyMap<string, readonly Participant[]>;
  readonly notes: readonly string[];
}

/** File of stand-ins in differences: they come from the declaration. */
const STAND_INS = '<declared>';

/**
 * Puts beside the rendered objects whatever the calls of a fleet need and somebody else deploys: workloads that are
 * only patched, externals, DNS; and strangers, who must reach nobody: one in each namespace of the fleet, one in
 * another, and one for each peer that a policy names and the declaration does not.
 */
export function worldOf(objects: ObjectSet, plan: Plan): World {
  const book = new RoleBook(plan);
  const standIns = new Map<KubernetesObject, { readonly name: string; readonly roles: Roles }>();
  const notes: string[] = [];
  const policies = readPolicies(objects);
  // only a workload of others may be there or not
  const rendered = new Set(plan.services.some(({ workload }) => workload.existing) ? workloadsOf(objects).map(workloadName) : []);
  const services = new Map<string, ServicePlan>();
  let elsewhere = 0;
  for (const service of plan.services) {
    for (const name of service.workload.names) {
      const key = workloadName({ kind: service.workload.kind, namespace: service.namespace, name });
      services.set(key, service);
      if (!service.workload.existing || rendered.has(key)) continue;
      standIns.set(existingWorkload(plan, service, name), { name: service.name, roles: { ...NO_ROLES, services: [service] } });
      elsewhere += 1;
    }
  }
  if (elsewhere > 0)
    notes.push(
      `${elsewhere} ${elsewhere === 1 ? 'workload is' : 'workloads are'} deployed elsewhere: taken with the labels of the fleet file`,
    );
  const witness = ({ name, namespace, labels }: Witness): void => {
    const object = pod(`stand-in-${standIns.size}`, namespace, labels);
    standIns.set(object, { name, roles: book.byLabels(namespace, labels) });
  };
  for (const external of plan.externals)
    for (const peer of external.peers) if (isPods(peer)) witness({ name: external.name, namespace: peer.namespace, labels: peer.labels });
  for (const peer of plan.network.dns) if (isPods(peer)) witness({ name: 'DNS', namespace: peer.namespace, labels: peer.labels });
  for (const namespace of plan.namespaces) witness({ name: `any other pod of namespace ${namespace}`, namespace, labels: {} });
  witness({ name: 'any pod of another namespace', namespace: ANYWHERE, labels: {} });
  const { witnesses, namespaces } = witnessesOf(policies.policies, plan);
  for (const each of witnesses) witness(each);
  const all = new ObjectSet([...objects.entries(), ...ObjectSet.from([...standIns.keys(), ...namespaces], STAND_INS).entries()]);
  // among the stand-ins there is no policy
  const network = new Network(all, policies);
  const participants = new Map<Workload, Participant>();
  const byService = new Map<string, Participant[]>();
  for (const workload of network.workloads) {
    const standIn = standIns.get(workload.object);
    const service = services.get(workloadName(workload));
    const labels = workload.shapes.map(shape => shape.labels);
    const participant: Participant = standIn
      ? { workload, ...standIn, standIn: true }
      : {
          workload,
          name: service?.name ?? `${workload.kind} ${workload.namespace}/${workload.name}`,
          roles: book.ofWorkload(service, workload.namespace, labels),
          standIn: false,
        };
    participants.set(workload, participant);
    for (const { name } of service ? [service] : []) {
      const list = byService.get(name);
      if (list) list.push(participant);
      else byService.set(name, [participant]);
    }
  }
  return { network, objects: all, participants, byService, notes };
}

function existingWorkload(plan: Plan, service: ServicePlan, name: string): KubernetesObject {
  const { kind } = service.workload;
  // the patch of the fleet adds its label
  const labels = { ...service.selectorLabels, [FLEET_LABEL]: plan.fleet };
  const ports = service.ports.map(port => ({ name: port.name, containerPort: port.targetPort, protocol: port.transport }));
  const template = { metadata: { labels }, spec: { containers: [{ name, ports }] } };
  return {
    apiVersion: kind === 'CronJob' || kind === 'Job' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name, namespace: service.namespace },
    spec: kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template },
  };
}

const pod = (name: string, namespace: string, labels: Readonly<Record<string, string>>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: 'stand-in' }] },
});
