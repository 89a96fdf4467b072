import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { proveRelations } from '../../../lib/check/relations';
import { checkObject } from '../../../lib/check/schema';
import { environmentsOf, loadFleet, type Plan, resolve } from '../../../lib/fleet';
import { type KubernetesObject, ObjectSet } from '../../../lib/objects';
import { renderObjects } from '../../../lib/render/manifests/objects';
import { SEED } from '../../_seed';
import { selects } from '../network/_brute-force';
import { randomOf } from '../network/_random-world';
import { type Mutant, mutants } from './_mutants';
import { identityRelation } from './_oracle-identity';
import { issuanceRelation, questionsOf } from './_oracle-issuance';
import { type Actor, isRefused, networkState, probesOf, relation, renderedPods, selectorPods, serviceRelation } from './_oracle-network';

const ROOT = join(__dirname, '../../..');
const FLEETS = [
  '.',
  ...readdirSync(join(ROOT, 'examples'))

    .filter(name => existsSync(join(ROOT, 'examples', name, 'fleet.yaml')))
    .map(name => `examples/${name}`),
];
/** Of each fleet, over all of its environments. */
const MUTANTS = process.env.SENTINEL_LONG === '1' ? 2_000 : 90;

interface Row {
  refused: number;
  changing: number;
  found: number;
  same: number;
  reported: number;
  readonly survivors: string[];
  readonly falseAlarms: string[];
}

/** Everything that takes part in the relations of an environment, by the plan and what was rendered. */
function actorsOf(plan: Plan, objects: readonly KubernetesObject[]): readonly Actor[] {
  const pods = renderedPods(objects);
  const fleet = plan.services.flatMap(service =>
    service.workload.names.flatMap((name): Actor[] => {
      const elsewhere = {
        namespace: service.namespace,
        labels: { ...service.selectorLabels, 'sentinel-mtls.io/fleet': plan.fleet },
        ports: service.ports.map(port => ({ name: port.name, containerPort: port.targetPort, protocol: port.transport })),
        hostNetwork: false,
        ips: [],
      };
      const pod = pods.get(`${service.namespace}/${service.workload.kind}/${name}`) ?? (service.workload.existing ? elsewhere : undefined);
      return pod ? [{ name: `${service.name} ${name}`, ofFleet: true, pod }] : [];
    }),
  );
  const others = (namespace: string, labels: Readonly<Record<string, string>>, name: string): Actor => ({
    name,
    ofFleet: false,
    pod: { namespace, labels, ports: [], hostNetwork: false, ips: [] },
  });
  const peers = [...plan.externals.flatMap(external => external.peers), ...plan.network.dns];
  return [
    ...fleet,
    ...peers.flatMap((peer, index) => ('namespace' in peer ? [others(peer.namespace, peer.labels, `peer ${index}`)] : [])),
    ...plan.namespaces.map(namespace => others(namespace, {}, `stranger in ${namespace}`)),
    others('elsewhere', {}, 'stranger elsewhere'),
  ];
}

/** Whether a mutation changes one of the relations, by evaluators that share nothing with lib/check. */
function changes(plan: Plan, before: readonly KubernetesObject[], after: readonly KubernetesObject[], kind: string): boolean {
  // an oracle that does not read a kind says the same of it before and after
  const isOneOf = (...kinds: readonly string[]): boolean => kinds.includes(kind);
  if (plan.network.policies && !isOneOf('ConfigMap', 'Certificate', 'CertificateRequestPolicy') && networkChanges(plan, before, after))
    return true;
  if (
    isOneOf('Certificate', 'ConfigMap', 'Bundle', 'Issuer', 'ClusterIssuer') &&
    differ(identityRelation(before, plan), identityRelation(after, plan))
  )
    return true;
  const questions = questionsOf(plan, [before, after]);
  if (
    isOneOf('Certificate', 'CertificateRequestPolicy', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding') &&
    differ(issuanceRelation(before, plan, questions), issuanceRelation(after, plan, questions))
  )
    return true;
  return differ(borrowed(before, plan), borrowed(after, plan));
}

/** Certificates that ask the fleet's issuer for a name of a service, by their Secret. */
const borrowed = (objects: readonly KubernetesObject[], plan: Plan): ReadonlySet<string> =>
  new Set(
    // biome-ignore lint/suspicious/noExplicitAny: objects as they are in YAML
    (objects.filter(({ kind }) => kind === 'Certificate') as readonly any[]).flatMap(({ metadata, spec }) =>
      (spec?.uris ?? []).flatMap((uri: string) => {
        const owner = plan.services.find(({ spiffeId }) => spiffeId === uri);
        const ref = plan.authority.issuerRef;
        const signed =
          spec.issuerRef?.name === ref.name &&
          (spec.issuerRef.kind ?? 'Issuer') === ref.kind &&
          (spec.issuerRef.group ?? 'cert-manager.io') === ref.group;
        const own = owner?.namespace === metadata.namespace && owner?.certificate.secretName === spec.secretName;
        return owner && signed && !own ? [`${metadata.namespace}/${metadata.name} ${uri}`] : [];
      }),
    ),
  );

function networkChanges(plan: Plan, before: readonly KubernetesObject[], after: readonly KubernetesObject[]): boolean {
  const states = [networkState(before), networkState(after)] as const;
  const [old, now] = [actorsOf(plan, before), actorsOf(plan, after)];
  if (old.length !== now.length) return true;
  const called = calledServices(plan);
  const leads = (objects: readonly KubernetesObject[], actors: readonly Actor[]): ReadonlySet<string> =>
    new Set([...serviceRelation(objects, actors)].filter(text => called.has(text.split(' → ')[0] ?? '')));
  if (differ(leads(before, old), leads(after, now))) return true;
  const changedPolicies = states[0].policies
    .filter(policy => !states[1].policies.includes(policy))
    .concat(states[1].policies.filter(policy => !states[0].policies.includes(policy)));
  const changedPods = new Set(
    old.filter((actor, index) => JSON.stringify(actor.pod) !== JSON.stringify(now[index]?.pod)).map(({ name }) => name),
  );
  if (changedPolicies.length === 0 && changedPods.size === 0) return false;
  const witnesses = selectorPods(states).filter(
    witness =>
      !old.some(({ pod }) => pod.namespace === witness.pod.namespace && JSON.stringify(pod.labels) === JSON.stringify(witness.pod.labels)),
  );
  // policies that stay as they are decide the same before and after: a difference shows at the ports of the changed one,
  // or at the ends of the range where it isolates more or less, and for the pods that it selects
  const changed = [...changedPolicies, ...old, ...now].filter(each => !('pod' in each) || changedPods.has(each.name));
  const probes = probesOf(changedPods.size > 0 ? [JSON.stringify(states), JSON.stringify(changed)] : [JSON.stringify(changed)]);
  const only = ({ name, pod }: Actor): boolean =>
    changedPods.has(name) ||
    changedPolicies.some(
      policy => (policy.metadata.namespace ?? 'default') === pod.namespace && selects(policy.spec?.podSelector, pod.labels),
    );
  return differ(relation(states[0], [...old, ...witnesses], probes, only), relation(states[1], [...now, ...witnesses], probes, only));
}

/** `namespace/service port/protocol` of every declared call. */
function calledServices(plan: Plan): ReadonlySet<string> {
  const calls = [
    ...plan.edges.map(({ callee, port }) => ({ service: callee, port })),
    ...plan.externalEdges.filter(({ direction }) => direction === 'in'),
  ];
  return new Set(
    calls.flatMap(call => {
      const service = plan.services.find(({ name }) => name === call.service);
      const port = service?.ports.find(({ name }) => name === call.port);
      return service && port ? [`${service.namespace}/${service.name} ${port.port}/${port.transport}`] : [];
    }),
  );
}

const differ = (before: ReadonlySet<string>, after: ReadonlySet<string>): boolean =>
  before.size !== after.size || [...before].some(text => !after.has(text));

function judge(plan: Plan, objects: readonly KubernetesObject[], mutant: Mutant, row: Row): void {
  const after = objects.map((object, index) => (index === mutant.index ? mutant.object : object));
  // what the API server refuses never comes to be: the schema check reports it
  if (checkObject(mutant.object).length > 0) {
    row.refused += 1;
    return;
  }
  const isReported = !proveRelations({ objects: ObjectSet.from(after), plan }).equal;
  if (mutant.kind === 'NetworkPolicy' && plan.network.policies && isRefused(mutant.object)) {
    row.refused += 1;
    if (!isReported) row.survivors.push(`${mutant.text} (refused by the API server)`);
    return;
  }
  if (changes(plan, objects, after, mutant.kind)) {
    row.changing += 1;
    if (isReported) row.found += 1;
    else row.survivors.push(mutant.text);
  } else {
    row.same += 1;
    if (isReported) {
      row.reported += 1;
      row.falseAlarms.push(mutant.text);
    }
  }
}

describe('single-field mutations of what is rendered', () => {
  const table: string[] = [];

  test.each(FLEETS)(
    'of %s are found when they change a relation, and only then',
    fleetFolder => {
      const fleet = loadFleet(join(ROOT, fleetFolder, 'fleet.yaml'));
      const row: Row = { refused: 0, changing: 0, found: 0, same: 0, reported: 0, survivors: [], falseAlarms: [] };
      const environments = environmentsOf(fleet);
      // the same choice whichever fleets run
      const random = randomOf(SEED);
      for (const environment of environments) {
        const plan = resolve(fleet, environment);
        const objects = [...renderObjects(plan)].filter(({ kind }) => !['PrometheusRule', 'ServiceMonitor', 'PodMonitor'].includes(kind));
        expect(proveRelations({ objects: ObjectSet.from(objects), plan }).differences).toEqual([]);
        const all = mutants(objects);
        const chosen = all
          .map(mutant => ({ mutant, rank: random() }))
          .sort((a, b) => a.rank - b.rank)
          .slice(0, Math.ceil(MUTANTS / environments.length));
        for (const { mutant } of chosen) judge(plan, objects, mutant, row);
      }
      table.push(
        `${fleetFolder.padEnd(28)} refused by the schema ${row.refused}, changing ${row.changing} (found ${row.found}), others ${row.same} (reported ${row.reported})`,
        ...row.survivors.map(text => `    survivor: ${text}`),
        ...row.falseAlarms.map(text => `    false alarm: ${text}`),
      );
      expect({ fleetFolder, falseAlarms: row.falseAlarms }).toEqual({ fleetFolder, falseAlarms: [] });
      expect({ survivors: row.survivors, enough: row.found >= 0.99 * row.changing }).toMatchObject({ enough: true });
      expect(row.changing).toBeGreaterThan(0);
      expect(row.same).toBeGreaterThan(0);
    },
    7_200_000,
  );

  afterAll(() => process.stdout.write(`mutations, seed ${SEED}\n${table.join('\n')}\n`));
});
