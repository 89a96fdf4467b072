import { BlockList, isIP, isIPv4 } from 'node:net';
import type { KubernetesObject } from '../../../lib/objects';
import { allows, type BrutePod, type Endpoint } from '../network/_brute-force';

/**
 * The network relation of rendered objects, pod by pod and packet by packet with the brute-force evaluator: nothing of
 * lib/check has a part in it. Who takes part is the same before and after a mutation: the fleet's pods, others that
 * play declared parts, and for each selector of either state a pod that has just its labels.
 */

// biome-ignore lint/suspicious/noExplicitAny: objects as they are in YAML
export type Yaml = any;
type Labels = Readonly<Record<string, string>>;

export interface Actor {
  readonly name: string;
  /** A workload of the fleet: relations of others with each other do not count. */
  readonly ofFleet: boolean;
  readonly pod: BrutePod;
}

export interface NetworkState {
  readonly namespaces: Readonly<Record<string, Labels>>;
  readonly policies: readonly Yaml[];
}

const TEMPLATE_KINDS: Readonly<Record<string, (spec: Yaml) => Yaml>> = {
  Deployment: spec => spec?.template,
  StatefulSet: spec => spec?.template,
  DaemonSet: spec => spec?.template,
  Job: spec => spec?.template,
  CronJob: spec => spec?.jobTemplate?.spec?.template,
};

export const networkState = (objects: readonly KubernetesObject[]): NetworkState => ({
  namespaces: Object.fromEntries(
    objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => [metadata.name, metadata.labels ?? {}]),
  ),
  policies: objects.filter(({ kind, apiVersion }) => kind === 'NetworkPolicy' && apiVersion === 'networking.k8s.io/v1'),
});

/** Pods of rendered workloads by `namespace/kind/name`. */
export function renderedPods(objects: readonly KubernetesObject[]): ReadonlyMap<string, BrutePod> {
  return new Map(
    objects.flatMap((object): [string, BrutePod][] => {
      const template = TEMPLATE_KINDS[object.kind]?.(object.spec);
      if (template === undefined) return [];
      const namespace = object.metadata.namespace ?? 'default';
      const containers: Yaml[] = template.spec?.containers ?? [];
      const own = object.kind === 'Job' ? { 'job-name': object.metadata.name, 'batch.kubernetes.io/job-name': object.metadata.name } : {};
      const pod: BrutePod = {
        namespace,
        labels: { ...template.metadata?.labels, ...own },
        ports: containers.flatMap(container => container.ports ?? []),
        hostNetwork: template.spec?.hostNetwork === true,
        ips: [],
      };
      return [[`${namespace}/${object.kind}/${object.metadata.name}`, pod]];
    }),
  );
}

/** A pod for each selector of these policies, with just the labels that it asks for. */
export function selectorPods(states: readonly NetworkState[]): readonly Actor[] {
  const found = new Map<string, Actor>();
  for (const { policies } of states)
    for (const policy of policies)
      for (const rule of [...(policy.spec?.ingress ?? []), ...(policy.spec?.egress ?? [])])
        for (const peer of [...(rule?.from ?? []), ...(rule?.to ?? [])]) {
          if (peer?.ipBlock) continue;
          const where: Labels = { ...peer?.namespaceSelector?.matchLabels };
          const own = policy.metadata.namespace ?? 'default';
          const namespace = peer?.namespaceSelector ? (where['kubernetes.io/metadata.name'] ?? 'elsewhere') : own;
          const labels = { ...peer?.podSelector?.matchLabels };
          const name = `${namespace} ${JSON.stringify(labels)}`;
          found.set(name, { name, ofFleet: false, pod: { namespace, labels, ports: [], hostNetwork: false, ips: [] } });
        }
  return [...found.values()];
}

export interface Probes {
  readonly ports: readonly (readonly [protocol: string, port: number])[];
  readonly addresses: readonly string[];
}

/** Both sides of every border of a port, and of a range of addresses, that is written anywhere. */
export function probesOf(texts: readonly string[]): Probes {
  const numbers = new Set<number>([1, 65_535]);
  const addresses = new Set<string>(['192.0.2.77', '2001:db8:ffff::77']);
  for (const text of texts) {
    for (const [, number] of text.matchAll(/"(?:port|endPort|targetPort|containerPort|plainPort)":(\d+)/g))
      for (const near of [Number(number) - 1, Number(number), Number(number) + 1]) if (near >= 1 && near <= 65_535) numbers.add(near);
    for (const [, address = '', length = ''] of text.matchAll(/"([0-9a-f.:]+)\/(\d+)"/g)) {
      addresses.add(address);
      if (isIPv4(address)) for (const end of ends(address, Number(length))) addresses.add(end);
    }
  }
  return {
    ports: [...numbers].flatMap(port => ['TCP', 'UDP', 'SCTP'].map(protocol => [protocol, port] as const)),
    addresses: [...addresses],
  };
}

function ends(address: string, length: number): readonly string[] {
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - length);
  const first = Math.floor(value / size) * size;
  return [first - 1, first, first + size - 1, first + size]
    .filter(at => at >= 0 && at < 2 ** 32)
    .map(at => [24, 16, 8, 0].map(shift => Math.floor(at / 2 ** shift) % 256).join('.'));
}

/** Every packet of the relation that is let through, as texts. */
export function relation(
  state: NetworkState,
  actors: readonly Actor[],
  { ports, addresses }: Probes,
  only: (actor: Actor) => boolean,
): ReadonlySet<string> {
  const open = new Set<string>();
  const ask = (from: Endpoint, to: Endpoint, names: string): void => {
    for (const [protocol, port] of ports) if (allows(state, { from, to, protocol, port })) open.add(`${names} ${port}/${protocol}`);
  };
  for (const [index, from] of actors.entries()) {
    for (const to of actors) {
      if ((!from.ofFleet && !to.ofFleet) || (!only(from) && !only(to))) continue;
      ask(from.pod, to.pod, `${from.name} → ${to.name}`);
    }
    if (!from.ofFleet || !only(actors[index] ?? from)) continue;
    for (const ip of addresses) {
      ask(from.pod, { ip }, `${from.name} → ${ip}`);
      ask({ ip }, from.pod, `${ip} → ${from.name}`);
    }
  }
  return open;
}

/** Where Services lead: `namespace/name port/protocol → pod port`, for the pods of the fleet. */
export function serviceRelation(objects: readonly KubernetesObject[], actors: readonly Actor[]): ReadonlySet<string> {
  const leads = new Set<string>();
  for (const service of objects.filter(({ kind, apiVersion }) => kind === 'Service' && apiVersion === 'v1') as readonly Yaml[]) {
    const selector: Labels = service.spec?.selector ?? {};
    if (Object.keys(selector).length === 0) continue;
    const namespace = service.metadata.namespace ?? 'default';
    for (const { name, ofFleet, pod } of actors) {
      if (!ofFleet || pod.namespace !== namespace || !Object.entries(selector).every(([key, value]) => pod.labels[key] === value)) continue;
      for (const port of service.spec.ports ?? []) {
        const target = service.spec.clusterIP === 'None' ? port.port : (port.targetPort ?? port.port);
        const number = typeof target === 'number' ? target : pod.ports.find(known => known.name === target)?.containerPort;
        leads.add(`${namespace}/${service.metadata.name} ${port.port}/${port.protocol ?? 'TCP'} → ${name}:${number}`);
      }
    }
  }
  return leads;
}

/** What the API server refuses beyond the schema of the kind, by the text of the API. */
export function isRefused(policy: Yaml): boolean {
  const range = (text: unknown): readonly [string, number] | undefined => {
    const [address = '', length = '', ...rest] = String(text).split('/');
    const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
    return rest.length === 0 && /^\d+$/.test(length) && Number(length) <= bits ? [address, Number(length)] : undefined;
  };
  const isBadBlock = ({ cidr, except = [] }: Yaml): boolean => {
    const outer = range(cidr);
    return outer === undefined || (except ?? []).some((hole: unknown) => !isInside(outer, range(hole)));
  };
  const isBadPeer = (peer: Yaml): boolean => {
    if (!peer) return true;
    const kinds = [peer.ipBlock, peer.podSelector ?? peer.namespaceSelector].filter(Boolean).length;
    return kinds !== 1 || (peer.ipBlock && isBadBlock(peer.ipBlock));
  };
  const isBadPort = (port: Yaml): boolean =>
    (typeof port?.port === 'string' &&
      !(port.port.length <= 15 && /[a-z]/.test(port.port) && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(port.port))) ||
    (typeof port?.port === 'number' && (port.port < 1 || port.port > 65_535)) ||
    !['TCP', 'UDP', 'SCTP', undefined].includes(port?.protocol);
  const rules: Yaml[] = [...(policy.spec?.ingress ?? []), ...(policy.spec?.egress ?? [])];
  const isBadType = (policy.spec?.policyTypes ?? []).some((type: unknown) => type !== 'Ingress' && type !== 'Egress');
  return (
    isBadType || rules.some(rule => [...(rule?.from ?? []), ...(rule?.to ?? [])].some(isBadPeer) || (rule?.ports ?? []).some(isBadPort))
  );
}

function isInside([address, length]: readonly [string, number], hole: readonly [string, number] | undefined): boolean {
  if (!hole || hole[1] <= length || isIPv4(hole[0]) !== isIPv4(address)) return false;
  const list = new BlockList();
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  list.addSubnet(address, length, family);
  return list.check(hole[0], family);
}
