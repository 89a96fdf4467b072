import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { JSON_PATCH } from '../api.js';
import { type Check, type Claim, type Context, same } from '../claim.js';
import { untilPoliciesAreInForce } from '../network-policies.js';
import { attempt, IN_NODE_NETWORK } from '../node/processes.js';
import { ROOT } from '../node/settings.js';
import { livePolicy, MatrixPods, type PodOfCase } from './_matrix-pods.js';

type LabelsByName = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A state of the cluster, and who reaches whom in it; e2e/cases/README.md describes the file. */
interface Step {
  readonly policies: readonly { readonly metadata: { readonly name: string; readonly namespace: string }; readonly spec: object }[];
  readonly namespaces?: LabelsByName;
  readonly pods?: readonly PodOfCase[];
  readonly reach: readonly { readonly ports: readonly string[]; readonly rows: readonly string[] }[];
}

interface Matrix {
  readonly base: { readonly namespaces: LabelsByName; readonly pods: readonly PodOfCase[] };
  readonly cases: readonly { readonly name: string; readonly steps: readonly Step[] }[];
}

const UDP_PORTS = ['80', '81'];
const TRIED = ['TCP/80', 'TCP/81', ...UDP_PORTS.map(port => `UDP/${port}`)];
/** Both answers come at once; this only ends a test on a machine that is too busy. */
const TIMEOUT_MS = 10_000;

/** The agent that enforces NetworkPolicies here is ours: what other claims conclude from it is worth as much as this one. */
export const matrix: Claim = {
  name: 'matrix',
  says: 'the stand-in for a network plugin enforces NetworkPolicies as cyclonus expects, on live pods',
  fault: 'a policy that lets everything out is added to one state',
  faultShows: /^planted: /,
  async check(context, plant) {
    const { base, cases } = JSON.parse(readFileSync(join(ROOT, 'e2e', 'cases', 'netpol-matrix.json'), 'utf8')) as Matrix;
    const all = cases.flatMap(({ name, steps }) =>
      steps.map((step, at) => ({ name: steps.length > 1 ? `${name} (${at + 1})` : name, step })),
    );
    const distinct = [...new Map(all.map(each => [JSON.stringify(each.step), each])).values()];
    const pods = new MatrixPods(context);
    const everybody = unique([...all.flatMap(({ step }) => step.pods ?? []), ...base.pods]);
    const everywhere = Object.assign({}, ...all.map(({ step }) => step.namespaces ?? {}), base.namespaces) as LabelsByName;
    try {
      await pods.start(everywhere, everybody);
      if (plant) return [await tryPlanted(context, pods, base, distinct[0]?.step)];
      const checks: Check[] = [];
      for (const { name, step } of distinct) {
        checks.push(await tryStep(context, pods, base, name, step));
        if (checks.length % 50 === 0) context.note(`  ${checks.length} of ${distinct.length} states`);
      }
      return checks;
    } finally {
      pods.stop();
      context.kubectl.delete(['namespace', ...Object.keys(everywhere)]);
    }
  },
};

async function tryStep(context: Context, pods: MatrixPods, base: Matrix['base'], name: string, step: Step): Promise<Check> {
  const { api } = context;
  const there = step.pods ?? base.pods;
  const policies = step.policies.map(policy => livePolicy(policy));
  await setLabels(context, step.namespaces ?? {}, step.pods ?? []);
  for (const policy of policies) await api.apply(pathOf(policy), policy);
  try {
    await untilPoliciesAreInForce(context, Object.keys(base.namespaces));
    // a datagram from a port that was used a state ago would belong to an exchange that was allowed
    for (const port of UDP_PORTS) attempt([...IN_NODE_NETWORK, 'conntrack', '-D', '-p', 'udp', '--orig-port-dst', port]);
    const found = await pods.reach(there, TRIED, TIMEOUT_MS);
    const expected = new Map(step.reach.flatMap(({ ports, rows }) => ports.map(port => [port, rows] as const)));
    const text = (rows: ReadonlyMap<string, readonly string[]>): string =>
      TRIED.map(port => `${port} ${(rows.get(port) ?? []).map(offDiagonal).join(' ')}`).join('; ');
    return same(name, text(found), text(expected));
  } finally {
    for (const policy of policies) await api.delete(pathOf(policy));
    await setLabels(context, step.namespaces === undefined ? {} : base.namespaces, step.pods === undefined ? [] : base.pods);
  }
}

async function tryPlanted(context: Context, pods: MatrixPods, base: Matrix['base'], step: Step | undefined): Promise<Check> {
  const everythingOut = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'planted', namespace: 'x' },
    spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{}] },
  };
  if (step === undefined) throw new Error('the matrix is empty');
  return tryStep(context, pods, base, 'planted', { ...step, policies: [...step.policies, everythingOut] });
}

/** A pod always reaches itself. */
const offDiagonal = (row: string, at: number): string => `${row.slice(0, at)}-${row.slice(at + 1)}`;

/** Of two pods with one name the later counts. */
const unique = (pods: readonly PodOfCase[]): PodOfCase[] => [...new Map(pods.map(pod => [`${pod.namespace}/${pod.name}`, pod])).values()];

const pathOf = ({ metadata: { namespace, name } }: Step['policies'][number]): string =>
  `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/${name}`;

async function setLabels({ api }: Context, namespaces: LabelsByName, pods: readonly PodOfCase[]): Promise<void> {
  const patch = (path: string, value: object): Promise<unknown> =>
    api.patch(path, JSON_PATCH, [{ op: 'replace', path: '/metadata/labels', value }]);
  for (const [name, labels] of Object.entries(namespaces)) await patch(`/api/v1/namespaces/${name}`, labels);
  for (const { namespace, name, labels } of pods) await patch(`/api/v1/namespaces/${namespace}/pods/${name}`, labels);
}
