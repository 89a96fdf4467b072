import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, type Claim, holds } from '../claim.js';
import { render } from '../environment.js';
import type { Condition, Kubectl } from '../kubectl.js';
import { usageOf } from '../node/containers.js';
import { until } from '../node/processes.js';

const SERVICES = 1_000;
const NAMESPACE = 'scale';
const DEADLINE_SECONDS = 900;
const MEBIBYTE = 1024 * 1024;

/** A benchmark more than a claim: it takes minutes, and runs when it is asked for by name. */
export const scale: Claim = {
  name: 'scale',
  onlyByName: true,
  says: `certificates for ${SERVICES} services through cert-manager are all Ready within ${DEADLINE_SECONDS} s`,
  fault: 'the authority of the fleet is missing',
  faultShows: /are Ready/,
  async check(context, plant) {
    const { kubectl } = context;
    const folder = render(fleetFile(context.work), 'dev', join(context.work, 'scale'));
    const file = (name: string): string[] => ['-f', join(folder, `${name}.yaml`)];
    kubectl.makeNamespace(NAMESPACE);
    try {
      if (!plant) kubectl.run(['apply', '--server-side', ...file('authority')], { timeoutMs: 120_000 });
      const calls = requestsOf(kubectl);
      const start = Date.now();
      kubectl.run(['apply', '--server-side', ...file('identity')], { timeoutMs: 300_000 });
      const applied = seconds(start);
      let [ready, peak] = [0, 0];
      await until('every certificate is Ready', plant ? 60 : DEADLINE_SECONDS, async () => {
        peak = Math.max(peak, controllerBytes(kubectl));
        ready = countReady(kubectl);
        if (ready < SERVICES) await new Promise(resolve => setTimeout(resolve, 2_000));
        return ready >= SERVICES;
      }).catch(() => undefined);
      const figure =
        `${SERVICES} certificates (ECDSA P-256): applied in ${applied} s, all Ready after ${seconds(start)} s; ` +
        `${requestsOf(kubectl) - calls} requests to the API server by everybody, cert-manager's controller at most ${Math.round(peak / MEBIBYTE)} MiB`;
      return [{ ...holds(`${SERVICES} certificates are Ready`, ready === SERVICES, `${ready} are`), figure }] satisfies Check[];
    } finally {
      kubectl.run(['delete', '--ignore-not-found', '--wait=false', ...file('identity')], { timeoutMs: 300_000 });
      kubectl.delete(['namespace', NAMESPACE]);
      kubectl.run(['delete', '--ignore-not-found', '--wait=true', ...file('authority')], { timeoutMs: 120_000 });
    }
  },
};

const seconds = (since: number): number => Math.round((Date.now() - since) / 1000);

/** A chain: each service calls the next one. */
function fleetFile(work: string): string {
  const name = (index: number): string => `s${String(index).padStart(4, '0')}`;
  const services = Object.fromEntries(
    Array.from({ length: SERVICES }, (_, index) => [
      name(index),
      {
        image: 'e2e.local/service:1',
        ports: { https: { port: 8443, protocol: 'https' } },
        ...(index + 1 < SERVICES ? { calls: [`${name(index + 1)}:https`] } : {}),
      },
    ]),
  );
  const fleet = {
    fleet: 'scale',
    namespace: NAMESPACE,
    trustDomain: 'scale.example',
    team: 'platform',
    certificates: { key: { algorithm: 'ECDSA', size: 256 } },
    environments: { dev: { authority: { selfSigned: { key: { algorithm: 'ECDSA', size: 256 } } } } },
    services,
  };
  const folder = join(work, 'scale-fleet');
  mkdirSync(folder, { recursive: true });
  // JSON is YAML
  writeFileSync(join(folder, 'fleet.yaml'), JSON.stringify(fleet, undefined, 1));
  return join(folder, 'fleet.yaml');
}

function countReady(kubectl: Kubectl): number {
  return kubectl
    .list('certificates', '-n', NAMESPACE)
    .filter(({ status }) => (status?.conditions ?? []).some(({ type, status: is }: Condition) => type === 'Ready' && is === 'True')).length;
}

/** Requests that the API server has answered since its start, by its own count. */
function requestsOf(kubectl: Kubectl): number {
  const lines = kubectl.run(['get', '--raw', '/metrics']).split('\n');
  return lines.filter(line => line.startsWith('apiserver_request_total{')).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

function controllerBytes(kubectl: Kubectl): number {
  const [pod] = kubectl.list('pods', '-n', 'cert-manager', '-l', 'app=cert-manager');
  const id = String(pod?.status?.containerStatuses?.[0]?.containerID).replace('containerd://', '');
  return usageOf(id).bytes;
}
