import type { Plan, ServicePlan } from '../../lib/fleet/plan.js';
import type { SourceFacts } from './source-facts.js';

/** What an example says beyond its source, or otherwise than it; each has its reason in the test. */
export interface KnownDifferences {
  readonly addedCalls: readonly string[];
  /** Service → ServiceAccount in the fleet, where the source has a shared one or none. */
  readonly serviceAccounts: Readonly<Record<string, string>>;
}

const portLine = (service: string, name: string, port: number, target: number, transport: string): string =>
  `${service} ${name} ${port}${target === port ? '' : `/${target}`}${transport === 'UDP' ? ' UDP' : ''}`;

const workloadLine = (service: ServicePlan): string =>
  `${service.name} ${service.workload.kind} ${service.workload.names.join(',')} ${service.serviceAccount}`;

function difference(what: string, expected: ReadonlySet<string>, found: ReadonlySet<string>): string[] {
  return [
    ...[...expected].filter(line => !found.has(line)).map(line => `${what} lost: ${line}`),
    ...[...found].filter(line => !expected.has(line)).map(line => `${what} added: ${line}`),
  ].sort();
}

/** Every call, port and workload in which the plan differs from its source. */
export function differences(facts: SourceFacts, plan: Plan, known: KnownDifferences): string[] {
  const nameOf = (service: string): string => facts.sameWorkload[service] ?? service;
  const renamed = (line: string): string => line.replace(/^\S+/, nameOf);
  const workloads = facts.workloads.map(renamed).map(line => {
    const [service = '', kind, names, account] = line.split(' ');
    return `${service} ${kind} ${names} ${known.serviceAccounts[service] ?? account}`;
  });
  const portNumber = (service: string, port: string): number | undefined =>
    plan.services.find(({ name }) => name === service)?.ports.find(({ name }) => name === port)?.port;
  return [
    ...difference('workload', new Set(workloads), new Set(plan.services.map(workloadLine))),
    ...difference(
      'port',
      new Set(facts.ports.map(renamed)),
      new Set(plan.services.flatMap(({ name, ports }) => ports.map(p => portLine(name, p.name, p.port, p.targetPort, p.transport)))),
    ),
    ...difference(
      'call',
      new Set([...facts.calls, ...known.addedCalls]),
      new Set(plan.edges.map(({ caller, callee, port }) => `${caller} ${callee} ${portNumber(callee, port)}`)),
    ),
  ];
}
