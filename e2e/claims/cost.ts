import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Check, type Claim, type Context, holds, same } from '../claim.js';
import { importServiceImages } from '../environment.js';
import { usageOf } from '../node/containers.js';
import { attempt, run } from '../node/processes.js';
import { KUBECONFIG, ROOT } from '../node/settings.js';
import { FleetLoad, noneLost, totals } from './_load.js';
import { declaredBy, hostOf, NAMESPACE, podsOf, services } from './_sentinel.js';

const SECONDS = 12;
const MEBIBYTE = 1024 * 1024;
const HELD_MEBIBYTES = 60;
/** What the smallest proxy beside each pod is published to take: Istio 1.24's sidecar 60 MB, Dapr's 23 MB. */
const SIDECAR_MEBIBYTES = 23;

interface Cost {
  /** Of one pod. */
  readonly mebibytes: number;
  readonly containers: number;
  readonly cpuMsPerRequest: number;
  readonly requests: number;
  readonly checks: readonly Check[];
}

/** The same load on the same pods with mutual TLS and without it; memory and processor time as the kernel's control groups count them. */
export const cost: Claim = {
  name: 'cost',
  says: `mutual TLS adds no container, and less memory to a pod than a proxy of ${SIDECAR_MEBIBYTES} MiB would`,
  fault: `with mutual TLS all services but node-agent hold ${HELD_MEBIBYTES} MiB more`,
  faultShows: /adds less than/,
  async check(context, plant) {
    const off = await costOf(context, 'disabled', 0);
    const on = await costOf(context, 'strict', plant ? HELD_MEBIBYTES : 0);
    const more = on.mebibytes - off.mebibytes;
    const text = ({ mebibytes, cpuMsPerRequest, requests }: Cost): string =>
      `${mebibytes.toFixed(1)} MiB a pod, ${cpuMsPerRequest.toFixed(2)} ms of processor a request at both ends together (${requests} requests)`;
    return [
      ...off.checks,
      ...on.checks,
      { ...same('mutual TLS adds no container', on.containers, off.containers), figure: `without mutual TLS: ${text(off)}` },
      {
        ...holds(`mutual TLS adds less than ${SIDECAR_MEBIBYTES} MiB to a pod`, more < SIDECAR_MEBIBYTES, `it adds ${more.toFixed(1)} MiB`),
        figure: `with mutual TLS, a new handshake for a fourth of the requests: ${text(on)}`,
      },
    ];
  },
};

/** Installs the chart in a mode, lets the services call each other, and reads what their containers took. */
async function costOf(context: Context, mode: 'strict' | 'disabled', heldMebibytes: number): Promise<Cost> {
  const { kubectl, helm } = context;
  const names = Object.keys(services());
  importServiceImages(names.map(name => `ghcr.io/sentinel/${name}:0.4.0`));
  // the limit of node-agent has no room for it
  const held = names
    .filter(name => name !== 'node-agent')
    .map(camelCase)
    .flatMap(key => [`${key}.extraEnv[0].name=E2E_HELD_MEBIBYTES`, `${key}.extraEnv[0].value=${heldMebibytes}`]);
  const set = [`global.mtls.mode=${mode}`].flatMap(value => ['--set', value]).concat(held.flatMap(value => ['--set-string', value]));
  const release = (...words: readonly string[]): string[] => [helm, `--kubeconfig=${KUBECONFIG}`, '-n', NAMESPACE, ...words];
  try {
    run(release('install', 'sentinel', join(ROOT, 'charts', 'sentinel-core'), '--create-namespace', ...set, '--wait', '--timeout', '5m'), {
      timeoutMs: 330_000,
    });
    const pods = podsOf(context);
    const load = new FleetLoad(context, NAMESPACE, pods);
    await load.start({ plain: service => declaredBy(service).map(({ callee, port }) => `${hostOf(callee)}:${port}`) });
    // what a process takes once is no part of what a request costs
    await pause(5_000);
    const ids = containersOf(context, [...pods.values()]);
    const before = ids.map(usageOf);
    const requestsBefore = totals(await load.progress()).requests;
    await pause(SECONDS * 1000);
    const after = ids.map(usageOf);
    const requests = totals(await load.progress()).requests - requestsBefore;
    const checks = noneLost(`in mode ${mode}`, await load.stop());
    const cpuMs = sum(after.map(({ cpuMs }) => cpuMs)) - sum(before.map(({ cpuMs }) => cpuMs));
    return {
      mebibytes: sum(after.map(({ bytes }) => bytes)) / MEBIBYTE / pods.size,
      containers: ids.length,
      cpuMsPerRequest: cpuMs / requests,
      requests,
      checks,
    };
  } finally {
    attempt(release('uninstall', 'sentinel', '--ignore-not-found', '--wait'), { timeoutMs: 120_000 });
    kubectl.delete(['namespace', NAMESPACE]);
    kubectl.delete(['secret', 'sentinel-ca-secret', '-n', 'cert-manager']);
  }
}

function containersOf({ kubectl }: Context, pods: readonly string[]): string[] {
  return pods.flatMap(pod =>
    (kubectl.get('pod', pod, NAMESPACE)?.status?.containerStatuses ?? []).map(({ containerID }: { containerID: string }) =>
      containerID.replace('containerd://', ''),
    ),
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const camelCase = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
