import type { Issue } from '../issue.js';
import type { Fleet, Service } from '../types.js';

/** Pods that two services select would have the rights of both, and a workload that two services patch one identity. */
export function* checkExistingWorkloads(fleet: Fleet): Iterable<Issue> {
  if (!Object.values(fleet.services).some(service => service.existing !== undefined)) return;
  const workloads = new Map<string, string>();
  const holders = new Map<string, { readonly name: string; readonly labels: Readonly<Record<string, string>> }[]>();
  const namespaceOf = (service: Service): string => service.namespace ?? fleet.namespace;
  for (const [name, service] of Object.entries(fleet.services)) {
    const labels = service.existing?.selector ?? {
      app: name,
      'app.kubernetes.io/name': name,
      'sentinel-mtls.io/fleet': fleet.fleet,
      ...fleet.labels,
      ...service.labels,
    };
    for (const [key, value] of Object.entries(labels)) {
      const id = `${namespaceOf(service)} ${key}=${value}`;
      const list = holders.get(id);
      if (list === undefined) holders.set(id, [{ name, labels }]);
      else list.push({ name, labels });
    }
    if (service.existing === undefined) continue;
    for (const workload of service.existing.names ?? [name]) {
      const id = `${namespaceOf(service)}/${service.existing.kind}/${workload}`;
      const other = workloads.get(id);
      if (other !== undefined)
        yield {
          path: ['services', name, 'existing'],
          message: `services "${other}" and "${name}" are one workload: ${service.existing.kind} ${workload}`,
          notes: ['a workload has one identity: make them one service with all ports'],
        };
      workloads.set(id, name);
    }
  }
  for (const [name, service] of Object.entries(fleet.services)) {
    const selector = Object.entries(service.existing?.selector ?? {});
    // every pod that the selector matches has each of its labels, so the label that the fewest have is enough to look at
    const lists = selector.map(([key, value]) => holders.get(`${namespaceOf(service)} ${key}=${value}`) ?? []);
    const [fewest = []] = lists.sort((a, b) => a.length - b.length);
    const other = fewest.find(holder => holder.name !== name && selector.every(([key, value]) => holder.labels[key] === value));
    if (other !== undefined)
      yield {
        path: ['services', name, 'existing', 'selector'],
        message: `selector of "${name}" selects the pods of "${other.name}" too`,
        notes: ['their calls would add up: write labels that only the pods of one service have'],
      };
  }
}
