import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, IN_NODE_NETWORK, isRunning, start, until } from './processes.js';
import type { Programs } from './programs.js';
import { API_PORT, CONFIG, KUBECONFIG, NODE_ADDRESS, PKI, POD_RANGE, SERVICE_RANGE, STATE } from './settings.js';

const pki = (file: string): string => join(PKI, file);
const ETCD = 'http://127.0.0.1:2379';

export async function startEtcd({ etcd }: Programs): Promise<void> {
  start('etcd', [
    etcd,
    '--name=e2e',
    `--data-dir=${join(STATE, 'etcd')}`,
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    '--listen-peer-urls=http://127.0.0.1:2380',
    '--initial-advertise-peer-urls=http://127.0.0.1:2380',
    '--initial-cluster=e2e=http://127.0.0.1:2380',
    '--log-level=warn',
    // nothing here has to outlive a power cut
    '--unsafe-no-fsync',
  ]);
  await until('etcd answers', 30, () => alive('etcd') && attempt([...IN_NODE_NETWORK, 'curl', '-sf', `${ETCD}/health`]).ok);
}

export async function startApiServer(programs: Programs): Promise<void> {
  const encryption = join(CONFIG, 'encryption.json');
  // with another key a server that is started again reads no Secret
  if (!existsSync(encryption)) writeFileSync(encryption, encryptionAtRest(), { mode: 0o600 });
  start('kube-apiserver', [
    programs['kube-apiserver'],
    `--advertise-address=${NODE_ADDRESS}`,
    `--secure-port=${API_PORT}`,
    `--etcd-servers=${ETCD}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--encryption-provider-config=${encryption}`,
    `--client-ca-file=${pki('ca.crt')}`,
    `--tls-cert-file=${pki('apiserver.crt')}`,
    `--tls-private-key-file=${pki('apiserver.key')}`,
    `--kubelet-certificate-authority=${pki('ca.crt')}`,
    `--kubelet-client-certificate=${pki('apiserver-kubelet.crt')}`,
    `--kubelet-client-key=${pki('apiserver-kubelet.key')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--requestheader-client-ca-file=${pki('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-username-headers=X-Remote-User',
    `--proxy-client-cert-file=${pki('front-proxy-client.crt')}`,
    `--proxy-client-key-file=${pki('front-proxy-client.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pki('service-account.pub')}`,
    `--service-account-signing-key-file=${pki('service-account.key')}`,
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    '--allow-privileged=true',
    '--shutdown-delay-duration=0s',
  ]);
  await until('kube-apiserver is ready', 90, () => alive('kube-apiserver') && kubectl(programs, 'get', '--raw', '/readyz').ok);
}

export function startControllers(programs: Programs): void {
  start('kube-controller-manager', [
    programs['kube-controller-manager'],
    `--kubeconfig=${join(CONFIG, 'controller-manager.kubeconfig')}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    '--allocate-node-cidrs=true',
    `--cluster-cidr=${POD_RANGE}`,
    '--node-cidr-mask-size=24',
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${pki('service-account.key')}`,
    `--root-ca-file=${pki('ca.crt')}`,
    `--cluster-signing-cert-file=${pki('ca.crt')}`,
    `--cluster-signing-key-file=${pki('ca.key')}`,
  ]);
  start('kube-scheduler', [
    programs['kube-scheduler'],
    `--kubeconfig=${join(CONFIG, 'scheduler.kubeconfig')}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
  ]);
}

export function kubectl(programs: Programs, ...words: readonly string[]): ReturnType<typeof attempt> {
  return attempt([programs.kubectl, `--kubeconfig=${KUBECONFIG}`, ...words]);
}

/** A daemon that has ended will not answer any more: better to say so than to wait for the deadline. */
function alive(name: string): true {
  if (!isRunning(name)) throw new Error(`${name} ended while it was starting`);
  return true;
}

const encryptionAtRest = (): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      {
        resources: ['secrets'],
        providers: [{ secretbox: { keys: [{ name: 'e2e', secret: randomBytes(32).toString('base64') }] } }, { identity: {} }],
      },
    ],
  });
