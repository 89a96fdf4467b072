import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCgroups } from './cgroups.js';
import { kubectl } from './control-plane.js';
import { start, until } from './processes.js';
import type { Programs } from './programs.js';
import { CGROUP, CONFIG, CONTAINERD_SOCKET, DNS_ADDRESS, NODE_ADDRESS, NODE_NAME, PKI, STATE } from './settings.js';

export function startKubelet(programs: Programs): void {
  makeCgroups();
  // pods with dnsPolicy Default get no resolver of this machine
  writeFileSync(join(CONFIG, 'resolv.conf'), 'search .\n');
  writeFileSync(join(CONFIG, 'kubelet.json'), JSON.stringify(SETTINGS));
  start('kubelet', [
    programs.kubelet,
    `--config=${join(CONFIG, 'kubelet.json')}`,
    `--kubeconfig=${join(CONFIG, 'kubelet.kubeconfig')}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
    `--root-dir=${join(STATE, 'kubelet')}`,
    `--cert-dir=${join(STATE, 'kubelet-pki')}`,
  ]);
}

export async function nodeIsReady(programs: Programs): Promise<void> {
  const ready = ['get', 'node', NODE_NAME, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'];
  await until(`node ${NODE_NAME} is Ready`, 60, () => kubectl(programs, ...ready).stdout === 'True');
}

const SETTINGS = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: NODE_ADDRESS,
  authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: join(PKI, 'ca.crt') } },
  authorization: { mode: 'Webhook' },
  tlsCertFile: join(PKI, 'kubelet-server.crt'),
  tlsPrivateKeyFile: join(PKI, 'kubelet-server.key'),
  cgroupDriver: 'cgroupfs',
  cgroupRoot: `/${CGROUP}`,
  failCgroupV1: false,
  failSwapOn: false,
  containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
  clusterDNS: [DNS_ADDRESS],
  clusterDomain: 'cluster.local',
  resolvConf: join(CONFIG, 'resolv.conf'),
  // a changed Secret is in the pods' folders after a second at most
  configMapAndSecretChangeDetectionStrategy: 'Watch',
  syncFrequency: '100ms',
  nodeStatusUpdateFrequency: '5s',
  // this machine's disk is not the node's: nothing is evicted, no image is removed
  evictionHard: {
    'memory.available': '0%',
    'nodefs.available': '0%',
    'nodefs.inodesFree': '0%',
    'imagefs.available': '0%',
    'imagefs.inodesFree': '0%',
  },
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  eventRecordQPS: 0,
  kubeAPIQPS: 100,
  kubeAPIBurst: 200,
  maxPods: 200,
  volumePluginDir: join(STATE, 'volume-plugins'),
  podLogsDir: join(STATE, 'pod-logs'),
};
