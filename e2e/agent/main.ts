import { spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import type { Informer, KubernetesObject, V1Namespace, V1NetworkPolicy, V1Pod } from '@kubernetes/client-node';
import { POD_BRIDGE } from '../node/settings.js';
import { rulesetOf } from './ruleset.js';
import type { Labels, Pod, Policy, Protocol, World } from './world.js';

/** What the rules in force were made from, for tests that wait for it. */
export interface InForce {
  /** Resource version of each policy, by "namespace/name". */
  readonly policies: Readonly<Record<string, string>>;
  readonly namespaces: Readonly<Record<string, Labels>>;
  readonly pods: Readonly<Record<string, { readonly ip: string; readonly labels: Labels }>>;
}

const RESTART_MS = 500;

/**
 * Keeps nftables in step with the cluster's NetworkPolicies; it runs in the node's network namespace. A stand-in for the
 * policy part of a network plugin: one node, IPv4, no host network, no loopback.
 * Arguments: kubeconfig, range of pod addresses, file of what is in force.
 */
async function main(kubeconfig: string, podRange: string, inForceFile: string): Promise<void> {
  const client = await import('@kubernetes/client-node');
  const config = new client.KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(client.CoreV1Api);
  const networking = config.makeApiClient(client.NetworkingV1Api);
  const pods = client.makeInformer<V1Pod>(config, '/api/v1/pods', () => core.listPodForAllNamespaces());
  const namespaces = client.makeInformer<V1Namespace>(config, '/api/v1/namespaces', () => core.listNamespace());
  const policies = client.makeInformer<V1NetworkPolicy>(config, '/apis/networking.k8s.io/v1/networkpolicies', () =>
    networking.listNetworkPolicyForAllNamespaces(),
  );
  let scheduled = false;
  let last = '';
  let addresses = new Set<string>();
  const apply = (): void => {
    scheduled = false;
    const world = worldOf(namespaces.list(), pods.list(), policies.list());
    const now = new Set(world.pods.map(({ namespace, name, ip }) => `${namespace}/${name} ${ip}`));
    if ([...now].some(each => !addresses.has(each))) forgetNeighbours();
    addresses = now;
    const ruleset = rulesetOf(world, podRange);
    if (ruleset !== last) {
      const { status, stderr } = spawnSync('nft', ['-f', '-'], { input: ruleset, encoding: 'utf8' });
      if (status !== 0) {
        // the former rules stay in force
        process.stderr.write(`nft refuses the rules: ${stderr}\n${ruleset}\n`);
        return;
      }
      last = ruleset;
    }
    writeFileSync(`${inForceFile}.new`, JSON.stringify(inForce(world, policies.list())));
    renameSync(`${inForceFile}.new`, inForceFile);
  };
  const schedule = (): void => {
    if (!scheduled) setTimeout(apply, 10);
    scheduled = true;
  };
  await Promise.all([follow(pods, schedule), follow(namespaces, schedule), follow(policies, schedule)]);
  schedule();
}

/**
 * The address of a new pod may have been another's, and the node then sends to the link of the one that has gone: for eleven
 * seconds, measured, until it asks anew. Plugins announce a new pod on the bridge, which is lost while its port does not forward yet.
 */
function forgetNeighbours(): void {
  const { status, stderr } = spawnSync('ip', ['neigh', 'flush', 'dev', POD_BRIDGE], { encoding: 'utf8' });
  // before the first pod there is no bridge
  if (status !== 0 && !stderr.includes('Cannot find device')) process.stderr.write(`ip neigh flush: ${stderr}\n`);
}

/** Calls back at each change, and goes on when the API server was away. */
async function follow<T extends KubernetesObject>(informer: Informer<T>, changed: () => void): Promise<void> {
  const again = (error: unknown): void => {
    process.stderr.write(`watch ended: ${error instanceof Error ? error.message : String(error)}\n`);
    setTimeout(() => informer.start().catch(again), RESTART_MS);
  };
  informer.on('change', changed);
  informer.on('error', again);
  await informer.start();
}

function worldOf(namespaces: readonly V1Namespace[], pods: readonly V1Pod[], policies: readonly V1NetworkPolicy[]): World {
  return {
    namespaces: new Map(namespaces.map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}])),
    pods: podsOf(pods),
    policies: policies.map(policy => ({ ...nameOf(policy), spec: policy.spec as Policy['spec'] })).sort(byName),
  };
}

/** Pods with an address of their own. One that has ended gives its address back; of two with the same the younger has it. */
function podsOf(pods: readonly V1Pod[]): Pod[] {
  const byAddress = new Map<string, Pod>();
  const age = (pod: V1Pod): number => new Date(pod.metadata?.creationTimestamp ?? 0).getTime();
  for (const pod of [...pods].sort((a, b) => age(a) - age(b))) {
    const ip = pod.status?.podIP;
    if (ip === undefined || pod.spec?.hostNetwork === true || ['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')) continue;
    const ports = pod.spec?.containers.flatMap(container => container.ports ?? []) ?? [];
    byAddress.set(ip, {
      ...nameOf(pod),
      ip,
      labels: pod.metadata?.labels ?? {},
      ports: ports.flatMap(({ name, containerPort, protocol }) =>
        name === undefined ? [] : [{ name, port: containerPort, protocol: (protocol ?? 'TCP') as Protocol }],
      ),
    });
  }
  return [...byAddress.values()].sort(byName);
}

function inForce(world: World, policies: readonly V1NetworkPolicy[]): InForce {
  return {
    policies: Object.fromEntries(policies.map(policy => [key(nameOf(policy)), policy.metadata?.resourceVersion ?? ''])),
    namespaces: Object.fromEntries(world.namespaces),
    pods: Object.fromEntries(world.pods.map(pod => [key(pod), { ip: pod.ip, labels: pod.labels }])),
  };
}

interface Named {
  readonly name: string;
  readonly namespace: string;
}

const nameOf = ({ metadata }: KubernetesObject): Named => ({ name: metadata?.name ?? '', namespace: metadata?.namespace ?? '' });
const key = ({ namespace, name }: Named): string => `${namespace}/${name}`;
const byName = (a: Named, b: Named): number => (key(a) < key(b) ? -1 : 1);

const [kubeconfig, podRange, inForceFile] = process.argv.slice(2);
if (kubeconfig === undefined || podRange === undefined || inForceFile === undefined) {
  process.stderr.write('usage: main.js KUBECONFIG POD_RANGE IN_FORCE_FILE\n');
  process.exit(2);
}
main(kubeconfig, podRange, inForceFile).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
