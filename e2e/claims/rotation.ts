import { join } from 'node:path';
import { ROUNDS } from '../asked.js';
import { type Check, type Claim, type Context, holds, same } from '../claim.js';
import { attemptAsync, type Outcome, until } from '../node/processes.js';
import { KUBECONFIG, ROOT } from '../node/settings.js';
import type { LoadReport } from '../pods/load.js';
import { coversEveryCall, FleetLoad, noneLost, totals } from './_load.js';
import { renew, serialIn } from './_renewal.js';
import { edges, NAMESPACE, podsOf } from './_sentinel.js';

const CA = { name: 'sentinel-ca', secret: 'sentinel-ca-secret', namespace: 'cert-manager' };
const OLD_ROOT = 'sentinel-old-root';
const WHILE_REPLACED = 'while the root is replaced';
const ROTATE_MS = 600_000;
/** Two cores have the requests, and all that a renewal takes. */
const SLOWER = 2;

/** Leaves and root are renewed by cert-manager, the kubelet hands them on, the runtime library takes them; all of it under load. */
export const rotation: Claim = {
  name: 'rotation',
  says: `${ROUNDS} renewals of every leaf and a new root, under load between all services, lose no request`,
  fault: 'the root is replaced without keeping the old one trusted',
  faultShows: /while the root is replaced: no request is lost/,
  onRunningFleet: true,
  async check(context, plant) {
    context.fleet.up(context);
    try {
      const load = new FleetLoad(context, NAMESPACE, podsOf(context));
      const checks = plant ? [] : await leaves(context, load);
      checks.push(...(await (plant ? rootWithoutOverlap(context, load) : root(context, load))));
      return checks;
    } finally {
      context.kubectl.delete(['configmap', OLD_ROOT, '-n', CA.namespace]);
    }
  },
};

async function leaves(context: Context, load: FleetLoad): Promise<Check[]> {
  const first = await load.identities();
  await load.start({ slower: SLOWER });
  const start = Date.now();
  for (let round = 1; round <= ROUNDS; round += 1) await renewAll(context, load);
  const seconds = (Date.now() - start) / 1000;
  const reports = await load.stop();
  const { requests, longestMs } = totals(reports);
  const figure = `${ROUNDS} rounds in ${Math.round(seconds)} s, ${requests} requests, the longest ${longestMs} ms`;
  const seen = seenBy(reports);
  return [
    { ...coversEveryCall(edges(), reports), figure },
    ...noneLost('while leaves are renewed', reports),
    ...[...first.keys()]
      .filter(service => seen.has(service))
      .map(service => {
        const serials = seen.get(service)?.size ?? 0;
        return holds(`callers have seen every renewed certificate of ${service}`, serials >= ROUNDS, `${serials} in ${ROUNDS} rounds`);
      }),
  ];
}

/** Serial numbers that callers have seen, by service. */
function seenBy(reports: ReadonlyMap<string, LoadReport>): Map<string, Set<string>> {
  const seen = new Map<string, Set<string>>();
  for (const { service, serials } of [...reports.values()].flatMap(({ calls }) => calls)) {
    seen.set(service, new Set([...(seen.get(service) ?? []), ...serials]));
  }
  return seen;
}

/** Every leaf once, until every process serves with what is in its Secret, and callers have seen it. */
async function renewAll({ api }: Context, load: FleetLoad): Promise<void> {
  const before = await load.identities();
  for (const service of before.keys()) await renew(api, `${service}-tls`, NAMESPACE);
  let left: string[] = [];
  await until('every process serves its renewed certificate', 120, async () => {
    const now = await load.identities();
    left = [...now].flatMap(([service, { serial }]) => (serial === before.get(service)?.serial ? [service] : []));
    if (left.length > 0) return false;
    for (const [service, { serial }] of now) if (serial !== (await serialIn(api, `${service}-tls`, NAMESPACE))) left.push(service);
    if (left.length > 0) return false;
    const seen = seenBy(await load.progress());
    left = [...now].filter(([service, { serial }]) => seen.get(service)?.has(serial) === false).map(([service]) => `${service} (callers)`);
    return left.length === 0;
  }).catch((error: Error) => {
    throw new Error(`${error.message}: ${left.join(', ')}`);
  });
}

/** `sentinel-mtls rotate`, as docs/guide/rotate-ca.md has it. */
async function root({ api }: Context, load: FleetLoad): Promise<Check[]> {
  const old = await serialIn(api, CA.secret, CA.namespace);
  await load.start();
  const started = await rotate('start', '--wait', '--stagger', '1s');
  const next = await serialIn(api, CA.secret, CA.namespace);
  const both = await untilRoots(load, [old, next]);
  const completed = await rotate('complete', '--wait');
  const alone = await untilRoots(load, [next]);
  const reports = await load.stop();
  const { requests, longestMs } = totals(reports);
  const figure = `a new root: ${requests} requests, the longest ${longestMs} ms`;
  return [
    ...noneLost(WHILE_REPLACED, reports),
    { ...holds('rotate start ends when no certificate needs the old root', started.ok && next !== old, started.stderr), figure },
    same('every process trusts the old and the new root then', both, true),
    holds('rotate complete takes the old root away', completed.ok, completed.stderr),
    same('every process trusts the new one alone at last', alone, true),
  ];
}

/** Whether both ends of every call survive it, that is: they must not. */
async function rootWithoutOverlap(context: Context, load: FleetLoad): Promise<Check[]> {
  const { kubectl, api } = context;
  const serial = (): Promise<string> => serialIn(api, CA.secret, CA.namespace);
  const old = await serial();
  await load.start();
  const key = { spec: { privateKey: { rotationPolicy: 'Always' } } };
  kubectl.run(['patch', 'certificate', CA.name, '-n', CA.namespace, '--type=merge', '-p', JSON.stringify(key)]);
  await renew(api, CA.name, CA.namespace);
  await until('there is a new root', 120, async () => (await serial()) !== old);
  await untilRoots(load, [await serial()]);
  // callers may find no common root with a server any more, and never see its certificate
  await renewAll(context, load).catch(() => undefined);
  return noneLost(WHILE_REPLACED, await load.stop());
}

const rotate = (...words: readonly string[]): Promise<Outcome> =>
  attemptAsync(
    [process.execPath, join(ROOT, 'build', 'lib', 'cli', 'main.js'), 'rotate', ...words, '--fleet', 'sentinel', '--kubeconfig', KUBECONFIG],
    ROTATE_MS,
  );

/** Whether every process comes to trust exactly these roots. */
async function untilRoots(load: FleetLoad, serials: readonly string[]): Promise<boolean> {
  const wanted = JSON.stringify([...serials].sort());
  return until('every process trusts the roots', 90, async () =>
    [...(await load.identities()).values()].every(({ roots }) => JSON.stringify([...roots].sort()) === wanted),
  ).then(
    () => true,
    () => false,
  );
}
