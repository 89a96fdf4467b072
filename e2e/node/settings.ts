import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The folder of package.json, whether this runs from e2e/ or from build/e2e/. */
export const ROOT = rootAbove(__dirname);

/** State of one run: etcd, containers, kubelet, certificates, logs. Removed by `down`. */
export const STATE = '/var/lib/sentinel-e2e';
/** Sockets, process records, mounts. Removed by `down`. */
export const RUN = '/run/sentinel-e2e';
/** What outlives a run: built programs and images. */
export const CACHE = process.env.SENTINEL_CACHE || join(homedir(), '.cache', 'sentinel-mtls');

export const PKI = join(STATE, 'pki');
export const CONFIG = join(STATE, 'config');
export const LOGS = join(STATE, 'logs');
export const KUBECONFIG = join(CONFIG, 'admin.kubeconfig');
export const CONTAINERD_SOCKET = join(RUN, 'containerd.sock');

export const NETWORK_NAMESPACE = 'sentinel-e2e';
export const NODE_NAME = 'e2e-node';
/** The machine's end of the link between the two network namespaces. All addresses are from 198.18.0.0/15, which is for tests (RFC 2544). */
export const HOST_LINK = 'sentinel-e2e0';
export const HOST_ADDRESS = '198.18.0.1';
export const NODE_ADDRESS = '198.18.0.2';
export const POD_RANGE = '198.18.16.0/20';
export const POD_RANGE_OF_NODE = '198.18.16.0/24';
export const POD_GATEWAY = '198.18.16.1';
/** To which the network plugin links every pod. */
export const POD_BRIDGE = 'cni0';
export const SERVICE_RANGE = '198.18.32.0/20';
export const API_SERVICE_ADDRESS = '198.18.32.1';
export const DNS_ADDRESS = '198.18.32.10';
export const API_PORT = 6443;
/** Top of everything that kubelet makes in each cgroup hierarchy. */
export const CGROUP = 'sentinel-e2e';

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootAbove(dirname(folder));
}
