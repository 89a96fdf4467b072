import type { Plan, PortPlan, ServicePlan } from '../../fleet/plan.js';
import { type KubernetesObject, type ObjectSet, objectName, valueAt } from '../../objects/index.js';
import { type Labels, labelsOf, type ServicePort, servicePort, serviceSelects } from '../network/index.js';
import { causeAt, causeOfNothing, type Difference } from './difference.js';
import type { Participant, World } from './world.js';

/** Calls go to the name of a Service: it has to lead to the port of the callee's pods, and to nobody else's. */
export function serviceDifferences(world: World, plan: Plan): readonly Difference[] {
  const called = new Map<string, Set<string>>();
  for (const { callee, port } of plan.edges) add(called, callee, port);
  for (const { direction, service, port } of plan.externalEdges) if (direction === 'in') add(called, service, port);
  const pods = new ByLabel([...world.participants.values()].filter(({ standIn }) => !standIn));
  return plan.services.flatMap(service => {
    const ports = service.ports.filter(port => called.get(service.name)?.has(port.name) && port.protocol !== 'health');
    const object = world.objects.get('Service', service.namespace, service.name, '');
    if (!object) return service.workload.existing ? [] : ports.map(port => noService(service, port));
    return [...ports.flatMap(port => onePort(world, object, service, port)), ...strangers(world, object, service, pods)];
  });
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set) set.add(value);
  else map.set(key, new Set([value]));
}

function noService(service: ServicePlan, port: PortPlan): Difference {
  const object = `Service ${service.namespace}/${service.name}`;
  return missing(service, port, [causeOfNothing(object, 'was not rendered')], `render ${object}`);
}

function onePort(world: World, object: KubernetesObject, service: ServicePlan, port: PortPlan): readonly Difference[] {
  const pods = (world.byService.get(service.name) ?? []).flatMap(({ workload }) => workload.shapes);
  const selected = serviceSelects(object);
  // without a selector nobody but an operator of endpoints could say where it leads
  if (pods.length > 0 && !pods.some(shape => selected?.(shape))) {
    const cause = causeAt(world.objects, object, ['spec', 'selector'], `selects none of the pods of ${service.name}`);
    return [missing(service, port, [cause], `write the labels of ${service.name} into spec.selector of ${objectName(object)}`)];
  }
  // a headless Service gives addresses of pods: callers use the pod's own port, and nothing is translated
  if (valueAt(object, ['spec', 'clusterIP']) === 'None' && service.headless) return [];
  const called = service.headless ? port.targetPort : port.port;
  const found = servicePort(object, called, port.transport);
  if (!found) {
    const cause = causeAt(world.objects, object, ['spec', 'ports'], `has no port ${called}/${port.transport}`);
    return [missing(service, port, [cause], `add port ${called} with targetPort ${port.targetPort} to ${objectName(object)}`)];
  }
  const targets = pods.map(shape => found.target(shape));
  if (targets.every(target => target === port.targetPort)) return [];
  return [wrongTarget(world.objects, object, service, port, found)];
}

function wrongTarget(objects: ObjectSet, object: KubernetesObject, service: ServicePlan, port: PortPlan, found: ServicePort): Difference {
  const cause = causeAt(objects, object, [...found.path, 'targetPort'], `leads to ${found.text}, not to ${port.targetPort}`);
  return missing(service, port, [cause], `write targetPort ${port.targetPort}`);
}

function missing(service: ServicePlan, port: PortPlan, causes: Difference['causes'], change: string): Difference {
  return {
    code: 'service-missing',
    layer: 'network',
    from: '',
    to: service.name,
    port: `${port.port}/${port.transport}`,
    text: `${service.name}:${port.name} is called, and its Service does not lead there`,
    causes,
    change,
  };
}

/** Whoever has the labels of a service receives a part of its calls. */
function strangers(world: World, object: KubernetesObject, service: ServicePlan, pods: ByLabel): readonly Difference[] {
  const selected = serviceSelects(object);
  if (!selected) return [];
  const own = new Set(world.byService.get(service.name)?.map(({ workload }) => workload));
  return pods.candidates(service.namespace, labelsOf(valueAt(object, ['spec', 'selector']))).flatMap(({ workload, name }) => {
    if (own.has(workload) || !workload.shapes.some(shape => selected(shape))) return [];
    return [
      {
        code: 'service-extra',
        layer: 'network',
        from: '',
        to: name,
        port: '',
        text: `calls to ${service.name} reach ${name} too, which is not ${service.name}`,
        causes: [
          causeAt(world.objects, object, ['spec', 'selector'], 'selects both'),
          causeAt(world.objects, workload.object, [], `has the labels of ${service.name}`),
        ],
        change: `give ${name} other labels`,
      } as const,
    ];
  });
}

/** Participants of a namespace by the labels of their pods: a Service looks at the fewest that it can select. */
class ByLabel {
  readonly #lists = new Map<string, Participant[]>();

  constructor(participants: readonly Participant[]) {
    for (const participant of participants) {
      const { namespace, shapes } = participant.workload;
      const keys = shapes.flatMap(({ labels }) => Object.entries(labels).map(([key, value]) => labelKey(namespace, key, value)));
      for (const key of new Set(keys)) {
        const list = this.#lists.get(key);
        if (list) list.push(participant);
        else this.#lists.set(key, [participant]);
      }
    }
  }

  /** Everybody that a selector of a Service, which has at least one label, could take. */
  candidates(namespace: string, selector: Labels): readonly Participant[] {
    const lists = Object.entries(selector).map(([key, value]) => this.#lists.get(labelKey(namespace, key, value)) ?? []);
    return lists.reduce((fewest, list) => (list.length < fewest.length ? list : fewest));
  }
}

const labelKey = (namespace: string, key: string, value: string): string => JSON.stringify([namespace, key, value]);
