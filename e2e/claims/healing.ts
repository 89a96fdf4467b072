import { setTimeout as pause } from 'node:timers/promises';
import { type Check, type Claim, type Context, holds } from '../claim.js';
import type { Resource } from '../kubectl.js';
import { ctr } from '../node/containers.js';
import { startApiServer, startEtcd } from '../node/control-plane.js';
import { nodeIsReady, startKubelet } from '../node/kubelet.js';
import { run, stop, until } from '../node/processes.js';
import { nodePrograms } from '../node/programs.js';
import type { LoadReport } from '../pods/load.js';
import { FleetLoad, noneLost, totals } from './_load.js';
import { renew, serialIn } from './_renewal.js';
import { NAMESPACE, podOf, podsOf } from './_sentinel.js';

/** How long a component stays away. */
const AWAY_MS = 5_000;
const RENEWED = 'node-agent';

interface Victim {
  readonly name: string;
  /** Kills it and waits until it is back, by its own supervisor or, for what a node runs, by the one that this test plays. */
  readonly kill: (context: Context) => Promise<void>;
  /** The service whose own calls are lost meanwhile. */
  readonly service?: string;
  /** The first minor version of Kubernetes in which others don't notice it. */
  readonly since?: number;
}

const VICTIMS: readonly Victim[] = [
  { name: 'a pod of control-api', service: 'control-api', kill: killPod },
  { name: "cert-manager's controller", kill: context => killContainer(context, 'cert-manager', 'app=cert-manager') },
  { name: "trust-manager's controller", kill: context => killContainer(context, 'cert-manager', 'app=trust-manager') },
  {
    name: 'kubelet',
    // before, a kubelet that begins takes its pods for not ready, and a service of one replica has no endpoint then
    since: 35,
    async kill() {
      await stop('kubelet', 'SIGKILL');
      await pause(AWAY_MS);
      startKubelet(nodePrograms());
      await nodeIsReady(nodePrograms());
    },
  },
  {
    name: 'kube-apiserver',
    async kill() {
      await stop('kube-apiserver', 'SIGKILL');
      await pause(AWAY_MS);
      await startApiServer(nodePrograms());
    },
  },
  {
    name: 'etcd',
    async kill() {
      await stop('etcd', 'SIGKILL');
      await pause(AWAY_MS);
      await startEtcd(nodePrograms());
    },
  },
];

/** What keeps identities alive is killed, one after the other, under load: services don't notice, and renewal goes on by itself. */
export const healing: Claim = {
  name: 'healing',
  says: `${VICTIMS.map(({ name }) => name).join(', ')}: killed under load, no other call is lost, and renewal goes on`,
  fault: 'cert-manager is gone for good',
  faultShows: /is renewed after/,
  onRunningFleet: true,
  async check(context, plant) {
    context.fleet.up(context);
    const scale = (replicas: number): string =>
      context.kubectl.run(['scale', 'deployment', 'cert-manager', '-n', 'cert-manager', `--replicas=${replicas}`]);
    try {
      if (plant) scale(0);
      const checks: Check[] = [];
      const minor = minorOf(context);
      for (const victim of plant ? VICTIMS.slice(0, 1) : VICTIMS) {
        if ((victim.since ?? 0) <= minor) checks.push(...(await tryVictim(context, victim)));
        else context.note(`  not judged: ${victim.name}, before Kubernetes 1.${victim.since}`);
      }
      return checks;
    } finally {
      if (plant) {
        scale(1);
        context.kubectl.run(['rollout', 'status', 'deployment/cert-manager', '-n', 'cert-manager', '--timeout=60s']);
      }
    }
  },
};

function minorOf({ kubectl }: Context): number {
  const { serverVersion } = JSON.parse(kubectl.run(['version', '-o', 'json'])) as { serverVersion: { gitVersion: string } };
  return Number(/^v1\.(\d+)\./.exec(serverVersion.gitVersion)?.[1]);
}

async function tryVictim(context: Context, { name, kill, service }: Victim): Promise<Check[]> {
  const load = new FleetLoad(context, NAMESPACE, podsOf(context));
  await load.start();
  const start = Date.now();
  await kill(context);
  const away = Math.round((Date.now() - start) / 1000);
  // a pod that was replaced has another name
  const after = new FleetLoad(context, NAMESPACE, podsOf(context));
  await after.untilReady();
  const reports = await after.stop();
  const figure = `${name}: back after ${away} s, ${totals(reports).requests} requests meanwhile`;
  const renewed = await renewal(context, after);
  return [
    ...noneLost(`while ${name} was away`, without(service, reports)),
    { ...holds(`${RENEWED} is renewed after ${name} was away`, renewed, 'it does not serve a new certificate after 120 s'), figure },
    ...(service === undefined ? [] : await callersAreBack(after, service)),
  ];
}

/** Calls that have nothing to do with a service. */
function without(service: string | undefined, reports: ReadonlyMap<string, LoadReport>): ReadonlyMap<string, LoadReport> {
  const others = [...reports].filter(([caller]) => caller !== service);
  return new Map(others.map(([caller, report]) => [caller, { ...report, calls: report.calls.filter(call => call.service !== service) }]));
}

async function callersAreBack(load: FleetLoad, service: string): Promise<Check[]> {
  await load.start();
  await pause(3_000);
  const all = await load.stop();
  return noneLost(`after the pod of ${service} was replaced`, all);
}

async function renewal({ api }: Context, load: FleetLoad): Promise<boolean> {
  const before = (await load.identities()).get(RENEWED)?.serial;
  await renew(api, `${RENEWED}-tls`, NAMESPACE);
  return until('the renewed certificate is served', 120, async () => {
    const served = (await load.identities()).get(RENEWED)?.serial;
    return served !== before && served === (await serialIn(api, `${RENEWED}-tls`, NAMESPACE));
  }).then(
    () => true,
    () => false,
  );
}

async function killPod(context: Context): Promise<void> {
  const { kubectl } = context;
  const old = podOf(context, 'control-api');
  kubectl.run(['delete', 'pod', old, '-n', NAMESPACE, '--grace-period=0', '--force', '--wait=false']);
  await until('there is another pod', 60, () => kubectl.get('pod', old, NAMESPACE) === undefined);
  kubectl.run(['rollout', 'status', 'deployment/control-api', '-n', NAMESPACE, '--timeout=120s'], { timeoutMs: 130_000 });
}

/** The first process of a pod's container gets SIGKILL; the kubelet starts it again, and counts that. */
async function killContainer({ kubectl }: Context, namespace: string, selector: string): Promise<void> {
  const [pod] = kubectl.list('pods', '-n', namespace, '-l', selector);
  if (pod === undefined) throw new Error(`no pod ${selector}`);
  const restarts = (now: Resource | undefined): number => now?.status?.containerStatuses?.[0]?.restartCount ?? 0;
  const id = String(pod.status?.containerStatuses?.[0]?.containerID).replace('containerd://', '');
  run(ctr('tasks', 'kill', '--signal', 'SIGKILL', id));
  await until(`${pod.metadata.name} is counted as started again, and ready`, 120, () => {
    const now = kubectl.get('pod', pod.metadata.name, namespace);
    return restarts(now) > restarts(pod) && now?.status?.containerStatuses?.[0]?.ready === true;
  });
}
