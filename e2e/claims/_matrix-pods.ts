import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../claim.js';
import { serviceImages } from '../images/catalogue.js';
import { importImage } from '../node/containers.js';
import { until } from '../node/processes.js';
import { RUN } from '../node/settings.js';
import { Prober } from './_prober.js';

export interface PodOfCase {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const IMAGE = 'e2e.local/pod:1';
/** The pods of namespace x, and nobody else, have addresses in X_BLOCK, in its first half. */
const X_BLOCK = { cidr: '198.18.16.176/28', half: '198.18.16.176/29', before: '198.18.16.175', last: '198.18.16.191' };
/** The last address that the plugin has given out: the next pod gets the one after it. */
const LAST_ADDRESS = join(RUN, 'addresses', 'e2e', 'last_reserved_ip.0');

const key = ({ namespace, name }: PodOfCase): string => `${namespace}/${name}`;

/** A policy of the matrix with the address blocks of the live pods. */
export function livePolicy<T extends object>(policy: T): T {
  const text = JSON.stringify(policy).replaceAll('192.168.1.0/24', X_BLOCK.cidr).replaceAll('192.168.1.0/28', X_BLOCK.half);
  if (text.includes('192.168.')) throw new Error(`an address block that no live pod has: ${text}`);
  return JSON.parse(text) as T;
}

/** The pods of the matrix, each answering on its ports and able to try those of the others. */
export class MatrixPods {
  readonly #addresses = new Map<string, string>();
  readonly #probers = new Map<string, Prober>();

  constructor(private readonly context: Context) {}

  async start(namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>, pods: readonly PodOfCase[]): Promise<void> {
    const { kubectl } = this.context;
    serviceImages([IMAGE]).forEach(importImage);
    for (const [name, labels] of Object.entries(namespaces)) {
      kubectl.makeNamespace(name, labels);
      await until(`namespace ${name} has its account`, 20, () => kubectl.get('serviceaccount', 'default', name) !== undefined);
    }
    const inX = (pod: PodOfCase): boolean => pod.namespace === 'x';
    nextAddressAfter(X_BLOCK.before);
    for (const pod of pods.filter(inX)) await this.#start(pod);
    nextAddressAfter(X_BLOCK.last);
    await Promise.all(pods.filter(pod => !inX(pod)).map(pod => this.#start(pod)));
    for (const pod of pods) {
      const last = Number(this.#addresses.get(key(pod))?.split('.')[3]);
      const inBlock = last >= 176 && last <= 191;
      if (inBlock !== inX(pod) || (inX(pod) && last > 183)) throw new Error(`${key(pod)} has address ${this.#addresses.get(key(pod))}`);
      kubectl.untilCondition('pod', [pod.name], pod.namespace, 'Ready', 60);
      this.#probers.set(key(pod), new Prober(pod.namespace, pod.name));
    }
  }

  /** Who of `pods` reaches whom on a port: a row of `.` and `X` for each, in their order. */
  async reach(pods: readonly PodOfCase[], ports: readonly string[], timeoutMs: number): Promise<Map<string, string[]>> {
    const targets = ports.flatMap(port => {
      const [protocol, number] = port.split('/');
      return pods.map(pod => `${protocol} ${this.#addresses.get(key(pod))} ${number}`);
    });
    const rows = await Promise.all(pods.map(pod => this.#proberOf(pod).ask(targets, timeoutMs)));
    return new Map(ports.map((port, at) => [port, rows.map(row => row.slice(at * pods.length, (at + 1) * pods.length))]));
  }

  stop(): void {
    for (const prober of this.#probers.values()) prober.close();
  }

  async #start(pod: PodOfCase): Promise<void> {
    const { kubectl } = this.context;
    kubectl.apply([manifestOf(pod)]);
    await until(`${key(pod)} has an address`, 60, () => {
      const address: string | undefined = kubectl.get('pod', pod.name, pod.namespace)?.status?.podIP;
      if (address !== undefined) this.#addresses.set(key(pod), address);
      return address !== undefined;
    });
  }

  #proberOf(pod: PodOfCase): Prober {
    const prober = this.#probers.get(key(pod));
    if (prober === undefined) throw new Error(`${key(pod)} was not started`);
    return prober;
  }
}

function nextAddressAfter(address: string): void {
  if (!existsSync(LAST_ADDRESS)) throw new Error(`${LAST_ADDRESS} is not where the plugin host-local keeps it`);
  writeFileSync(LAST_ADDRESS, address);
}

const PORTS = [80, 81].flatMap(containerPort =>
  ['TCP', 'UDP'].map(protocol => ({ name: `serve-${containerPort}-${protocol.toLowerCase()}`, containerPort, protocol })),
);

const manifestOf = ({ namespace, name, labels }: PodOfCase): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
  spec: {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'pod',
        image: IMAGE,
        args: ['listen', ...PORTS.map(({ containerPort, protocol }) => `${protocol}/${containerPort}`)],
        ports: PORTS,
        // ports below 1024
        securityContext: { runAsUser: 0 },
      },
    ],
  },
});
