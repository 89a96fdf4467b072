import type { PortProtocol } from '../fleet/index.js';
import { type KubernetesObject, type ObjectSet, valueAt } from '../objects/index.js';
import type { DraftPort } from './draft.js';
import { type FoundWorkload, list, namespaceOf, text, texts } from './workloads.js';

/** Workloads that are one service of the fleet, with the Services that stand before them. */
export interface Group {
  readonly name: string;
  readonly namespace: string;
  readonly workloads: readonly FoundWorkload[];
  /** The one after which it is called first; empty for a client. */
  readonly services: readonly KubernetesObject[];
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly DraftPort[];
}

/** Groups by selectors; `open` are texts about what fits nowhere. */
export function groupServices(
  objects: ObjectSet,
  workloads: readonly FoundWorkload[],
): { readonly groups: readonly Group[]; readonly open: readonly string[] } {
  const open: string[] = [];
  const services = objects.ofKind('Service', '').filter(service => {
    const selector = selectorOf(service);
    const isUsed = Object.keys(selector).length > 0 && workloads.some(workload => selects(service, workload));
    if (!isUsed) open.push(`Service ${namespaceOf(service)}/${service.metadata.name} stands before no workload of these manifests`);
    return isUsed;
  });
  const taken = new Set<FoundWorkload>();
  const groups: Group[] = [];
  for (const workload of workloads) {
    if (taken.has(workload)) continue;
    const before = services.filter(service => selects(service, workload));
    // everything that one of its Services leads to is one service: a caller can't choose between them
    const together = workloads.filter(other => other === workload || before.some(service => selects(service, other)));
    const same = together.filter(other => other.kind === workload.kind && !taken.has(other));
    for (const other of together)
      if (!same.includes(other))
        open.push(`${other.kind} ${other.name} shares a Service with ${workload.kind} ${workload.name}, and a service is of one kind`);
    for (const other of same) taken.add(other);
    groups.push(groupOf(same, before, workload));
  }
  return { groups, open };
}

function groupOf(workloads: readonly FoundWorkload[], before: readonly KubernetesObject[], workload: FoundWorkload): Group {
  const services = [...before].sort((a, b) => rank(b, workload) - rank(a, workload));
  const [first] = services;
  const selector = first === undefined ? workload.labels : selectorOf(first);
  return {
    name: first?.metadata.name ?? workload.name,
    namespace: workload.namespace,
    workloads,
    services,
    // a label of one release would lose the pods of the next
    selector: Object.fromEntries(Object.entries(selector).filter(([key]) => !VERSION_LABELS.has(key))),
    ports: portsOf(services, workloads),
  };
}

const VERSION_LABELS: ReadonlySet<string> = new Set(['version', 'app.kubernetes.io/version', 'helm.sh/chart', 'pod-template-hash']);

/** Which of several Services gives its name: the workload's own, then one inside of the cluster, then one with more ports. */
function rank(service: KubernetesObject, workload: FoundWorkload): number {
  const isOutside = ['LoadBalancer', 'NodePort'].includes(String(valueAt(service, ['spec', 'type'])));
  return (service.metadata.name === workload.name ? 1000 : 0) + (isOutside ? 0 : 100) + list(valueAt(service, ['spec', 'ports'])).length;
}

const selectorOf = (service: KubernetesObject): Readonly<Record<string, string>> => texts(valueAt(service, ['spec', 'selector']));

function selects(service: KubernetesObject, workload: FoundWorkload): boolean {
  const selector = Object.entries(selectorOf(service));
  return (
    namespaceOf(service) === workload.namespace && selector.length > 0 && selector.every(([key, value]) => workload.labels[key] === value)
  );
}

function portsOf(services: readonly KubernetesObject[], workloads: readonly FoundWorkload[]): readonly DraftPort[] {
  const ports: DraftPort[] = [];
  for (const service of services) {
    for (const entry of list(valueAt(service, ['spec', 'ports']))) {
      const port = valueAt(entry, ['port']);
      if (typeof port !== 'number') continue;
      const isUdp = valueAt(entry, ['protocol']) === 'UDP';
      const given = text(valueAt(entry, ['name']));
      const targetPort = targetOf(valueAt(entry, ['targetPort']), port, workloads);
      if (ports.some(each => each.port === port && (each.protocol === 'udp') === isUdp)) continue;
      const name = freeName(given ?? `port-${port}`, ports);
      const { protocol, note } = isUdp
        ? { protocol: 'udp' as const, note: '' }
        : protocolOf(given, text(valueAt(entry, ['appProtocol'])), port);
      ports.push({
        name,
        port,
        targetPort,
        protocol,
        note: service === services[0] ? note : join(note, `from Service ${service.metadata.name}`),
      });
    }
  }
  return alike(ports);
}

function targetOf(target: unknown, port: number, workloads: readonly FoundWorkload[]): number {
  if (typeof target === 'number') return target;
  const named = workloads
    .flatMap(({ containers }) => containers)
    .find(container => typeof target === 'string' && container.ports.has(target));
  return (typeof target === 'string' ? named?.ports.get(target) : undefined) ?? port;
}

const freeName = (name: string, ports: readonly DraftPort[]): string =>
  ports.some(each => each.name === name) ? `${name}-${ports.length + 1}` : name;

const PROTOCOLS: readonly (readonly [RegExp, PortProtocol])[] = [
  [/metrics|^prom/, 'metrics'],
  [/health|liveness|readiness|^probe/, 'health'],
  [/grpc|h2c|http2/, 'grpc'],
  [/http|web|rest/, 'https'],
];

function protocolOf(
  name: string | undefined,
  appProtocol: string | undefined,
  port: number,
): { readonly protocol: PortProtocol; readonly note: string } {
  for (const word of [appProtocol, name]) {
    const found = PROTOCOLS.find(([pattern]) => pattern.test((word ?? '').toLowerCase()));
    if (found) return { protocol: found[1], note: `protocol from ${word === appProtocol ? 'appProtocol' : 'the name'} "${word}"` };
  }
  return {
    protocol: 'tcp',
    note: name === undefined ? `the Service's port ${port} has no name: https, grpc or tcp?` : 'https, grpc or tcp?',
  };
}

/** One listener speaks one protocol: ports of one container port take that of the first. */
function alike(ports: readonly DraftPort[]): readonly DraftPort[] {
  return ports.map(port => {
    const first =
      ports.find(other => other.targetPort === port.targetPort && (other.protocol === 'udp') === (port.protocol === 'udp')) ?? port;
    return first.protocol === port.protocol ? port : { ...port, protocol: first.protocol, note: `the listener of ${first.name}` };
  });
}

const join = (...notes: readonly string[]): string => notes.filter(note => note !== '').join('; ');
