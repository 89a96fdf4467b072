import { Network, type Workload } from '../../../lib/check/network';
import { ObjectSet, parseObjects } from '../../../lib/objects';

/** A network of YAML documents. */
export const networkOf = (...texts: readonly string[]): Network =>
  new Network(new ObjectSet(texts.flatMap((text, index) => parseObjects(text, `file-${index + 1}.yaml`))));

/** A Pod for each `namespace/name label=value …`. */
export const pods = (...lines: readonly string[]): string =>
  lines
    .map(line => {
      const [at = '', ...labels] = line.split(' ');
      const [namespace, name] = at.split('/');
      const pairs = labels.map(label => `${label.split('=')[0]}: "${label.split('=')[1]}"`).join(', ');
      return `apiVersion: v1\nkind: Pod\nmetadata: { name: "${name}", namespace: "${namespace}", labels: { ${pairs} } }\nspec: { containers: [{ name: main }] }\n`;
    })
    .join('---\n');

/** A NetworkPolicy in a namespace with this spec. */
export const policy = (at: string, spec: string): string => {
  const [namespace, name] = at.split('/');
  const indented = spec
    .trim()
    .split('\n')
    .map(line => `  ${line}`)
    .join('\n');
  return `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec:\n${indented}\n`;
};

export function workloadAt(network: Network, at: string): Workload {
  const [namespace = '', name = ''] = at.split('/');
  const found = network.workload(namespace, name);
  if (!found) throw new Error(`there is no workload ${at}`);
  return found;
}

/** Who reaches a workload, and on which ports: `a/web: TCP 80`; itself left out. */
export function callersOf(network: Network, at: string): string[] {
  const target = workloadAt(network, at);
  return network
    .connections()
    .filter(({ from, to }) => to === target && from !== target)
    .map(({ from, ports }) => `${from.namespace}/${from.name}: ${ports}`);
}

/** Whom a workload reaches. */
export function calleesOf(network: Network, at: string): string[] {
  const source = workloadAt(network, at);
  return network
    .connections()
    .filter(({ from, to }) => from === source && to !== source)
    .map(({ to, ports }) => `${to.namespace}/${to.name}: ${ports}`);
}

/** Addresses outside with their ports: `10.0.0.0/24: TCP 80`. */
export const outside = (network: Network, at: string, direction: 'ingress' | 'egress'): string[] =>
  network.outside(workloadAt(network, at), direction).map(({ addresses, ports }) => `${addresses.cidrs().join(' ')}: ${ports}`);
