import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, IN_NODE_NETWORK, run, start, until } from './processes.js';
import type { Programs } from './programs.js';
import { CONFIG, KUBECONFIG, NODE_ADDRESS, NODE_NAME, POD_RANGE, ROOT } from './settings.js';

const HEALTH = '127.0.0.1:10256';

/** kube-proxy, which makes Services work. */
export async function startKubeProxy(programs: Programs): Promise<void> {
  writeFileSync(join(CONFIG, 'kube-proxy.json'), JSON.stringify(SETTINGS));
  start('kube-proxy', [programs['kube-proxy'], `--config=${join(CONFIG, 'kube-proxy.json')}`]);
  await until('kube-proxy answers', 30, () => attempt([...IN_NODE_NETWORK, 'curl', '-sf', `http://${HEALTH}/healthz`]).ok);
}

/** The cluster's DNS, as a pod. */
export async function startDns(programs: Programs): Promise<void> {
  const kubectl = [programs.kubectl, `--kubeconfig=${KUBECONFIG}`];
  run([...kubectl, 'apply', '-f', join(ROOT, 'e2e', 'node', 'dns.yaml')]);
  const ready = ['-n', 'kube-system', 'get', 'deployment', 'coredns', '-o', 'jsonpath={.status.readyReplicas}'];
  await until('the cluster DNS is ready', 60, () => attempt([...kubectl, ...ready]).stdout === '1');
}

const SETTINGS = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  clientConnection: { kubeconfig: join(CONFIG, 'kube-proxy.kubeconfig') },
  mode: 'iptables',
  clusterCIDR: POD_RANGE,
  detectLocalMode: 'ClusterCIDR',
  hostnameOverride: NODE_NAME,
  bindAddress: NODE_ADDRESS,
  healthzBindAddress: HEALTH,
  metricsBindAddress: '127.0.0.1:10249',
  // the limits of connection tracking are the machine's, not the namespace's: left as they are
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  iptables: { minSyncPeriod: '100ms', syncPeriod: '30s' },
};
