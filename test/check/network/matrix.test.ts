import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Network, type Protocol } from '../../../lib/check/network';
import { type KubernetesObject, ObjectSet } from '../../../lib/objects';

/** Reachability matrices of cyclonus, a NetworkPolicy conformance tool. They are not part of the project. */
const file = join(__dirname, '../../../../shared/cases/netpol-matrix/cyclonus.json');
const present = existsSync(file);
if (!present) process.stderr.write(`skipped: the reachability matrices of cyclonus, because ${file} does not exist\n`);

interface MatrixPod {
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly name: string;
  readonly namespace: string;
}
interface Cluster {
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly pods: readonly MatrixPod[];
}
interface Step extends Partial<Cluster> {
  readonly policies: readonly KubernetesObject[];
  readonly reach: readonly { readonly ports: readonly string[]; readonly rows: readonly string[] }[];
}
interface Matrix {
  readonly base: Cluster & { readonly containerPorts: readonly unknown[] };
  readonly cases: readonly { readonly name: string; readonly steps: readonly Step[] }[];
}

const matrix: Matrix = present
  ? (JSON.parse(readFileSync(file, 'utf8')) as Matrix)
  : { base: { namespaces: {}, pods: [], containerPorts: [] }, cases: [] };

function objectsOf(pods: readonly MatrixPod[], namespaces: Cluster['namespaces'], policies: readonly KubernetesObject[]): ObjectSet {
  return ObjectSet.from([
    ...Object.entries(namespaces).map(([name, labels]) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })),
    ...pods.map(({ name, namespace, labels, ip }) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels },
      spec: { containers: [{ name: 'serve', ports: matrix.base.containerPorts }] },
      status: { podIP: ip },
    })),
    ...policies,
  ]);
}

/** Cells on which the engine and the matrix differ, and how many were compared. */
function differences(step: Step): { readonly cells: number; readonly wrong: readonly string[] } {
  const pods = step.pods ?? matrix.base.pods;
  const network = new Network(objectsOf(pods, step.namespaces ?? matrix.base.namespaces, step.policies));
  const wrong: string[] = network.problems.map(({ text }) => text);
  let cells = 0;
  for (const { ports, rows } of step.reach)
    for (const text of ports) {
      const [protocol, port] = text.split('/') as [Protocol, string];
      for (const [row, from] of pods.entries())
        for (const [column, to] of pods.entries()) {
          // the tool forbids a pod to reach itself, which no policy can do
          if (row === column) continue;
          const [source, target] = [network.workload(from.namespace, from.name), network.workload(to.namespace, to.name)];
          const open = source !== undefined && target !== undefined && network.between(source, target).has(protocol, Number(port));
          cells += 1;
          if (open !== (rows[row]?.[column] === '.'))
            wrong.push(`${from.namespace}/${from.name} → ${to.namespace}/${to.name} ${text}: ${open}`);
        }
    }
  return { cells, wrong };
}

(present ? describe : describe.skip)('the reachability matrices of cyclonus', () => {
  const steps = matrix.cases.flatMap(({ name, steps: list }) => list.map((step, index) => ({ name: `${name}, state ${index + 1}`, step })));

  test('agree in every cell of every state', () => {
    let cells = 0;
    for (const { name, step } of steps) {
      const result = differences(step);
      cells += result.cells;
      expect({ name, wrong: result.wrong }).toEqual({ name, wrong: [] });
    }
    expect(steps.length).toBeGreaterThan(250);
    expect(cells).toBeGreaterThan(100_000);
  });

  test('a state without its policies does not agree', () => {
    const wrong = steps.filter(({ step }) => differences({ ...step, policies: [] }).wrong.length > 0);
    expect(wrong.length).toBeGreaterThan(steps.length / 2);
  });
});
