import { type Addresses, type Network, type Workload, workloadName } from '../check/network/index.js';
import { fieldText } from '../check/relations/index.js';
import { objectName } from '../objects/index.js';
import { alignColumns } from './handshakes-columns.js';
import { plural } from './plural.js';
import { printable } from './printable.js';

/** Version of the JSON form. */
const SCHEMA_VERSION = 1;

/** Who may open connections to whom by the NetworkPolicies among some manifests, one line a pair of workloads. */
export function formatNetwork(network: Network): string {
  const connections = network.connections();
  const inside = connections.map(({ from, to, ports }) => [`${nameOf(from)} → ${nameOf(to)}`, ports.toString()]);
  const across = network.workloads.flatMap(workload => [
    ...network.outside(workload, 'ingress').map(({ addresses, ports }) => [`${outside(addresses)} → ${nameOf(workload)}`, `${ports}`]),
    ...network.outside(workload, 'egress').map(({ addresses, ports }) => [`${nameOf(workload)} → ${outside(addresses)}`, `${ports}`]),
  ]);
  const counts = `${plural(network.workloads.length, 'workload')}, NetworkPolicies: ${network.policies.length}, ${plural(connections.length, 'connection')}`;
  const problems = network.problems.map(
    ({ object, path, text }) => `  not taken into account: ${printable(`${objectName(object)} ${fieldText(path)}: ${text}`)}`,
  );
  return `${[`who can connect: ${counts}`, alignColumns([...inside, ...across]), ...problems].filter(Boolean).join('\n\n')}\n`;
}

const nameOf = (workload: Workload): string => printable(workloadName(workload));

/** `outside 10.0.0.0/8` */
const outside = (addresses: Addresses): string => `outside ${addresses.cidrs().join(',')}`;

/** The same. `ports` is by protocol: ranges with both ends inside. */
export function networkJson(network: Network): unknown {
  const name = ({ kind, namespace, name }: Workload): unknown => ({ kind, namespace, name });
  const across = (workload: Workload, direction: 'ingress' | 'egress'): unknown[] =>
    network
      .outside(workload, direction)
      .map(({ addresses, ports }) => ({ workload: name(workload), direction, cidrs: addresses.cidrs(), ports }));
  return {
    schemaVersion: SCHEMA_VERSION,
    workloads: network.workloads.map(name),
    connections: network.connections().map(({ from, to, ports }) => ({ from: name(from), to: name(to), ports })),
    outside: network.workloads.flatMap(workload => [...across(workload, 'ingress'), ...across(workload, 'egress')]),
    problems: network.problems.map(({ object, path, text }) => ({ object: objectName(object), path: fieldText(path), text })),
  };
}
