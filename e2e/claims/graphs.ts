import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Check, type Claim, type Context, holds } from '../claim.js';
import { InstalledEnvironment, importServiceImages, objectsIn, render } from '../environment.js';
import type { Resource } from '../kubectl.js';
import { untilPoliciesAreInForce } from '../network-policies.js';
import { ROOT } from '../node/settings.js';
import { coversEveryCall, FleetLoad, noneLost, totals } from './_load.js';
import { Prober } from './_prober.js';

const IMAGE = 'e2e.local/service:1';
const EXAMPLES = ['online-boutique', 'opentelemetry-demo'];
const SECONDS = 15;
/** Two cores answer for every service at both ends. */
const SLOWER = 20;

/** The form of policy.json, as far as this claim looks. */
interface Policy {
  readonly service: string;
  readonly server: readonly { readonly name: string; readonly port: number }[];
  readonly client: readonly { readonly service: string; readonly name: string; readonly port: number }[];
}

/** Systems that others deploy: bare workloads with the upstream's labels, and over them the component that we render, in a user's overlay. */
export const graphs: Claim = {
  name: 'graphs',
  says: `${EXAMPLES.join(' and ')}, deployed by others: every declared call works, and no other port of a service is reached`,
  fault: "a service's calls are gone from the network policy of one of its callees",
  faultShows: /no request is lost|reaches/,
  async check(context, plant) {
    const checks: Check[] = [];
    for (const example of plant ? EXAMPLES.slice(0, 1) : EXAMPLES) checks.push(...(await tryExample(context, example, plant)));
    return checks;
  },
};

async function tryExample(context: Context, example: string, plant: boolean): Promise<Check[]> {
  const { kubectl } = context;
  const folder = render(join(ROOT, 'examples', example, 'fleet.yaml'), 'dev', join(context.work, example));
  const policies = objectsIn(folder).flatMap(({ kind, data }) =>
    kind === 'ConfigMap' && data['policy.json'] !== undefined ? [JSON.parse(data['policy.json']) as Policy] : [],
  );
  const namespace = objectsIn(folder).find(({ kind }) => kind === 'NetworkPolicy')?.metadata.namespace ?? '';
  const environment = new InstalledEnvironment(context, folder, namespace);
  const overlay = join(context.work, `${example}-overlay`);
  importServiceImages([IMAGE]);
  environment.install({ pods: false });
  try {
    const workloads = workloadsOf(folder, namespace);
    writeOverlay(overlay, folder, [...workloads.values(), ...policies.flatMap(policy => serviceOf(policy, policies, workloads))]);
    kubectl.run(['apply', '-k', overlay], { timeoutMs: 120_000 });
    kubectl.untilRolledOut([...workloads.values()], 180);
    if (plant)
      kubectl.run(['patch', 'networkpolicy', `${policies[1]?.service}-mtls-only`, '-n', namespace, '--type=merge', '-p', NO_INGRESS]);
    await untilPoliciesAreInForce(context, [namespace]);
    const pods = podsOf(context, namespace, workloads);
    const load = new FleetLoad(context, namespace, new Map([...pods].map(([service, { metadata }]) => [service, metadata.name])));
    await load.untilReady();
    await load.start({ slower: SLOWER });
    await pause(SECONDS * 1000);
    const reports = await load.stop();
    const figure = `${example}: ${pods.size} services, ${totals(reports).requests} requests, the longest ${totals(reports).longestMs} ms`;
    return [
      { ...coversEveryCall(edgesOf(policies), reports), figure },
      ...noneLost('among bare workloads', reports, { perSecond: 1 / 3 }),
      ...(await reach(namespace, policies, pods)),
    ];
  } finally {
    kubectl.run(['delete', '--ignore-not-found', '--wait=true', '-k', overlay], { timeoutMs: 180_000 });
    environment.remove();
  }
}

const NO_INGRESS = JSON.stringify({ spec: { ingress: [] } });

const edgesOf = (policies: readonly Policy[]): string[] =>
  policies.flatMap(({ service, client }) => client.map(call => `${service} → ${call.service}`));

/** What upstream deploys, without anything of ours: one pod a service, with the labels by which the fleet file selects it. */
function workloadsOf(folder: string, namespace: string): Map<string, Resource> {
  const selectors = new Map(
    objectsIn(folder).flatMap(({ kind, metadata, spec }): [string, object][] =>
      kind === 'NetworkPolicy' && metadata.name.endsWith('-mtls-only')
        ? [[metadata.name.slice(0, -'-mtls-only'.length), spec.podSelector.matchLabels]]
        : [],
    ),
  );
  const patches = objectsIn(join(folder, 'patches'));
  return new Map(
    patches.map(({ kind, metadata, spec }): [string, Resource] => {
      const volumes: { projected?: { sources: { secret?: { name: string } }[] } }[] = spec.template.spec.volumes;
      const secret = volumes.flatMap(({ projected }) => projected?.sources ?? []).find(source => source.secret !== undefined)?.secret?.name;
      const service = secret?.replace(/-tls$/, '') ?? '';
      const labels = selectors.get(service);
      if (labels === undefined) throw new Error(`no network policy selects the pods of ${kind} ${metadata.name}`);
      return [
        service,
        workload(
          kind,
          metadata.name,
          namespace,
          labels,
          spec.template.spec.containers.map(({ name }: { name: string }) => name),
        ),
      ];
    }),
  );
}

function workload(kind: string, name: string, namespace: string, labels: object, containers: readonly string[]): Resource {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: labels },
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 2,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          // in a pod of several the first one is the service
          containers: containers.map((each, index) => ({
            name: each,
            image: IMAGE,
            args: index === 0 ? ['service'] : ['listen', `TCP/${7770 + index}`],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          })),
        },
      },
    },
  };
}

/** The Service that upstream has for a service: its ports as callers know them, and as the process has them. */
function serviceOf({ service, server }: Policy, policies: readonly Policy[], workloads: ReadonlyMap<string, Resource>): object[] {
  if (server.length === 0) return [];
  const calls = policies.flatMap(({ client }) => client).filter(call => call.service === service);
  const ports = server.map(({ name, port }) => ({ name, port: calls.find(call => call.name === name)?.port ?? port, targetPort: port }));
  const workload = workloads.get(service);
  const selector = workload?.spec.template.metadata.labels;
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: service, namespace: workload?.metadata.namespace }, spec: { selector, ports } },
  ];
}

function writeOverlay(overlay: string, folder: string, objects: readonly object[]): void {
  mkdirSync(overlay, { recursive: true });
  writeFileSync(join(overlay, 'workloads.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const kustomization = { resources: ['workloads.json'], components: [relative(overlay, join(folder, 'patches'))] };
  writeFileSync(join(overlay, 'kustomization.yaml'), JSON.stringify(kustomization));
}

function podsOf({ kubectl }: Context, namespace: string, workloads: ReadonlyMap<string, Resource>): Map<string, Resource> {
  const pods = kubectl.list('pods', '-n', namespace).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return new Map(
    [...workloads].map(([service, { metadata }]) => {
      const pod = pods.find(each => owns(metadata.name, each));
      if (pod === undefined) throw new Error(`no pod of ${service}`);
      return [service, pod];
    }),
  );
}

/** `cart-7d9f-x2x` is a pod of `cart`, `cart-db-7d9f-x2x` is not. */
const owns = (workloadName: string, { metadata }: Resource): boolean =>
  metadata.name.startsWith(workloadName) && /^(-[a-z0-9]{5,10})?-([a-z0-9]{5}|\d+)$/.test(metadata.name.slice(workloadName.length));

/** From each pod a connection to each port of each other pod: the network lets exactly the declared ones pass. */
async function reach(namespace: string, policies: readonly Policy[], pods: ReadonlyMap<string, Resource>): Promise<Check[]> {
  const targets = policies.flatMap(({ service, server }) =>
    server.map(({ name, port }) => ({ service, name, address: `TCP ${pods.get(service)?.status?.podIP} ${port}` })),
  );
  return Promise.all(
    policies.map(async ({ service, client }) => {
      const others = targets.filter(target => target.service !== service);
      const prober = new Prober(namespace, pods.get(service)?.metadata.name ?? '');
      try {
        const answers = await prober.ask(
          others.map(({ address }) => address),
          5_000,
        );
        const reached = others.filter((_, index) => answers[index] === '.').map(({ service: callee, name }) => `${callee}:${name}`);
        const declared = client.map(call => `${call.service}:${call.name}`);
        return holds(
          `${service} reaches what it declares, of ${others.length} ports`,
          [...reached].sort().join() === [...declared].sort().join(),
          difference(reached, declared),
        );
      } finally {
        prober.close();
      }
    }),
  );
}

function difference(found: readonly string[], expected: readonly string[]): string {
  const more = found.filter(each => !expected.includes(each));
  const less = expected.filter(each => !found.includes(each));
  return `reached and not declared: ${more.join(', ') || 'none'}; declared and not reached: ${less.join(', ') || 'none'}`;
}
