import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, run, start, until } from './processes.js';
import { CONFIG, CONTAINERD_SOCKET, POD_BRIDGE, POD_GATEWAY, POD_RANGE_OF_NODE, RUN, STATE } from './settings.js';

export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10';

/** Starts containerd with folders and a socket of its own; another containerd on this machine is not touched. */
export async function startContainerd(): Promise<void> {
  const plugins = join(CONFIG, 'cni');
  mkdirSync(plugins, { recursive: true });
  writeFileSync(join(plugins, '10-e2e.conflist'), NETWORK);
  writeFileSync(join(CONFIG, 'containerd.toml'), settings(plugins));
  start('containerd', ['containerd', '--config', join(CONFIG, 'containerd.toml'), '--log-level', 'warn']);
  await until('containerd answers', 30, () => attempt(ctr('version')).ok);
}

export const ctr = (...words: readonly string[]): string[] => ['ctr', '--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io', ...words];

/** Takes an image from an archive; nothing is ever pulled. */
export function importImage(archive: string): void {
  run(ctr('images', 'import', '--snapshotter', 'overlayfs', archive), { timeoutMs: 120_000 });
}

/** Anonymous memory of a container, which nothing can take back, and its processor time so far; cgroup v1 (memory.stat, cpuacct.usage). */
export function usageOf(container: string): { readonly bytes: number; readonly cpuMs: number } {
  const { memory, cpu } = JSON.parse(run(ctr('tasks', 'metrics', '--format', 'json', container))) as {
    readonly memory: { readonly total_rss: number };
    readonly cpu: { readonly usage: { readonly total: number } };
  };
  return { bytes: memory.total_rss, cpuMs: cpu.usage.total / 1e6 };
}

const NETWORK = JSON.stringify({
  cniVersion: '0.4.0',
  name: 'e2e',
  plugins: [
    {
      type: 'bridge',
      bridge: POD_BRIDGE,
      isGateway: true,
      isDefaultGateway: true,
      ipMasq: false,
      hairpinMode: true,
      mtu: 1400,
      ipam: {
        type: 'host-local',
        dataDir: join(RUN, 'addresses'),
        ranges: [[{ subnet: POD_RANGE_OF_NODE, gateway: POD_GATEWAY }]],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
});

const settings = (plugins: string): string => `version = 2
root = "${join(STATE, 'containerd')}"
state = "${join(RUN, 'containerd')}"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  # without CAP_SYS_RESOURCE runc can't set a negative oom_score_adj, and dies
  restrict_oom_score_adj = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${plugins}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "${join(RUN, 'runc')}"
`;
