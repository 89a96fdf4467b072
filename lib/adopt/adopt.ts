import type { ObjectSet } from '../objects/index.js';
import { isDnsLabel, isServiceName } from '../pki/index.js';
import { authorityOf, certificateOf } from './authorities.js';
import { callsOf, Directory } from './calls.js';
import type { Draft, DraftCall, DraftExternal, DraftPort, DraftService } from './draft.js';
import { policyCalls } from './policies.js';
import { type Group, groupServices } from './services.js';
import { type FoundWorkload, findWorkloads } from './workloads.js';

export interface AdoptOptions {
  /** @default the namespace of most workloads */
  readonly fleet?: string | undefined;
  /** @default `<fleet>.internal` */
  readonly trustDomain?: string | undefined;
  /** Where the manifests were, in words. */
  readonly source: string;
}

/** Nothing among the objects is a workload. */
export class AdoptError extends Error {
  override readonly name = 'AdoptError';
  readonly code = 'OBJECTS_NO_WORKLOAD';
}

/**
 * What fleet these manifests are: workloads, Services, and calls from environment, arguments and NetworkPolicies.
 * A guess is marked as one, and what fits no fleet is told in `open`, never dropped in silence.
 */
export function adopt(objects: ObjectSet, options: AdoptOptions): Draft {
  const workloads = findWorkloads(objects);
  if (workloads.length === 0)
    throw new AdoptError(`${options.source} holds no workload\n  expected Deployments, StatefulSets, DaemonSets, CronJobs or Jobs`);
  const { groups: all, open: left } = groupServices(objects, workloads);
  const { groups, open: refused } = fitting(all);
  const namespace = mostOften(groups.map(group => group.namespace));
  const fleet = options.fleet ?? (namespace === 'default' ? 'fleet' : namespace);
  const directory = new Directory(groups);
  const policies = policyCalls(objects, groups);
  const { authority, open: issuers } = authorityOf(objects);
  const accounts = accountsOf(groups);
  const called = groups.map(group => ({ group, ...callsOf(group, directory) }));
  return {
    fleet,
    namespace,
    trustDomain: options.trustDomain ?? `${fleet}.internal`,
    source: options.source,
    authority,
    services: called.map(({ group, calls }) => serviceOf(group, merged(calls, policies.calls.get(group.name) ?? []), accounts, objects)),
    externals: policies.externals.map(external => ({ ...external, name: labelOf(external.name) })).filter(unique),
    open: [...new Set([...left, ...refused, ...called.flatMap(({ open }) => open), ...policies.open, ...issuers])],
  };
}

/** A name of a service is unique in the fleet, and a DNS label. */
function fitting(groups: readonly Group[]): { readonly groups: readonly Group[]; readonly open: readonly string[] } {
  const open: string[] = [];
  const names = new Set<string>();
  const kept = groups.filter(({ name, namespace, workloads: [workload] }) => {
    const what = `${workload?.kind} ${namespace}/${workload?.name}`;
    if (!isServiceName(name)) open.push(`${what}: "${name}" can be no service's name, since a Service begins with a letter and has no dot`);
    else if (names.has(name)) open.push(`${what}: another service is called ${name}`);
    else if (workload?.hostNetwork === true) open.push(`${what} uses the host's network, where no NetworkPolicy applies`);
    else {
      names.add(name);
      return true;
    }
    return false;
  });
  return { groups: kept, open };
}

function serviceOf(group: Group, calls: readonly DraftCall[], accounts: ReadonlyMap<Group, Account>, objects: ObjectSet): DraftService {
  const [workload] = group.workloads as readonly [FoundWorkload, ...FoundWorkload[]];
  const [service] = group.services;
  const ownNames = group.workloads.length === 1 && workload.name === group.name;
  const account = accounts.get(group);
  return {
    name: group.name,
    namespace: group.namespace,
    note: service === undefined ? `${workload.kind} ${workload.name} has no Service: it is called by nobody` : '',
    kind: workload.kind,
    workloads: ownNames ? [] : group.workloads.map(({ name }) => name),
    selector: group.selector,
    containers: workload.containers.some(({ name }) => name === workload.name) && ownNames ? [] : mainContainer(workload),
    serviceAccount: account?.name === group.name ? undefined : account?.name,
    accountNote: account?.note,
    ports: group.ports.map(port => ({ ...port, name: portName(port, group.ports) })),
    calls,
    certificate: certificateOf(objects, group),
  };
}

/** Containers beside the first are mostly sidecars; whoever needs the files there adds them. */
const mainContainer = ({ containers: [first] }: FoundWorkload): readonly string[] =>
  first === undefined || first.name === '' ? [] : [first.name];

interface Account {
  readonly name: string | undefined;
  readonly note: string | undefined;
}

/** An account that several services share would be one identity for all of them. */
function accountsOf(groups: readonly Group[]): ReadonlyMap<Group, Account> {
  const key = (group: Group, name: string): string => `${group.namespace}/${name}`;
  const users = new Map<string, number>();
  const nameOf = (group: Group): string | undefined => {
    const names = new Set(group.workloads.map(({ serviceAccount }) => serviceAccount));
    const [name] = names;
    return names.size === 1 && name !== 'default' ? name : undefined;
  };
  for (const group of groups) {
    const name = nameOf(group);
    if (name !== undefined) users.set(key(group, name), (users.get(key(group, name)) ?? 0) + 1);
  }
  return new Map(
    groups.map((group): readonly [Group, Account] => {
      const name = nameOf(group);
      if (name === undefined)
        return [group, { name: undefined, note: 'its pods have no ServiceAccount of their own: the identity is the name of the service' }];
      const isShared = (users.get(key(group, name)) ?? 0) > 1;
      const isAnothers =
        name !== group.name && groups.some(other => other !== group && other.namespace === group.namespace && other.name === name);
      if (isShared || isAnothers)
        return [group, { name: undefined, note: `ServiceAccount ${name} is shared: the identity is the name of the service` }];
      return [group, { name, note: undefined }];
    }),
  );
}

/** A fleet wants a DNS label; Kubernetes' Services have nothing else, but a file may. */
const portName = ({ name, port, protocol }: DraftPort, all: readonly DraftPort[]): string =>
  isDnsLabel(name) ? name : all.some(other => other.name === `port-${port}`) ? `port-${port}-${protocol}` : `port-${port}`;

const merged = (texts: readonly DraftCall[], policies: readonly DraftCall[]): readonly DraftCall[] =>
  [...new Map([...policies, ...texts].map(call => [call.to, call])).values()].sort((a, b) => (a.to < b.to ? -1 : 1));

function mostOften(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? 'default';
}

const labelOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63) || 'outside';

const unique = (external: DraftExternal, index: number, all: readonly DraftExternal[]): boolean =>
  all.findIndex(({ name }) => name === external.name) === index;
