import type { InForce } from './agent/main.js';
import type { Api } from './api.js';
import type { Context } from './claim.js';
import type { Resource } from './kubectl.js';
import { inForce } from './node/policy-agent.js';
import { until } from './node/processes.js';

/** Waits until the rules in the node's kernel are made from what is in these namespaces now: policies, labels and pods. */
export async function untilPoliciesAreInForce({ api }: Context, namespaces: readonly string[]): Promise<void> {
  let wanted = await wantedBy(api, namespaces);
  let polls = 0;
  const areInForce = async (): Promise<boolean> => {
    // what was there a while ago may be gone by now
    if (++polls % 100 === 0) wanted = await wantedBy(api, namespaces);
    const now = inForce();
    return (
      now !== undefined &&
      alike(ofNamespaces(now.policies, namespaces), wanted.policies) &&
      includes(now.namespaces, wanted.namespaces) &&
      includes(now.pods, wanted.pods)
    );
  };
  // hundreds of states are waited for
  await until('network policies are in force', 60, areInForce, 20);
}

async function wantedBy(api: Api, within: readonly string[]): Promise<InForce> {
  const [policies, namespaces, pods] = await Promise.all(
    ['/apis/networking.k8s.io/v1/networkpolicies', '/api/v1/namespaces', '/api/v1/pods'].map(path => api.list(path)),
  );
  const hasAddress = ({ spec, status }: Resource): boolean =>
    spec.hostNetwork !== true && status.podIP !== undefined && !['Succeeded', 'Failed'].includes(status.phase);
  const isWithin = ({ metadata }: Resource): boolean => within.includes(metadata.namespace ?? metadata.name);
  return {
    policies: Object.fromEntries(
      (policies ?? []).filter(isWithin).map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`, metadata.resourceVersion ?? '']),
    ),
    namespaces: Object.fromEntries((namespaces ?? []).filter(isWithin).map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
    pods: Object.fromEntries(
      (pods ?? [])
        .filter(isWithin)
        .filter(hasAddress)
        .map(({ metadata, status }) => [`${metadata.namespace}/${metadata.name}`, { ip: status.podIP, labels: metadata.labels ?? {} }]),
    ),
  };
}

/** Others come and go as other claims want it. */
const ofNamespaces = (policies: InForce['policies'], namespaces: readonly string[]): InForce['policies'] =>
  Object.fromEntries(Object.entries(policies).filter(([key]) => namespaces.some(namespace => key.startsWith(`${namespace}/`))));

/** Pods and namespaces may come and go while we look: those that we have seen must be there, with these labels. */
const includes = (all: object, some: object): boolean =>
  Object.entries(some).every(([key, value]) => alike((all as Record<string, unknown>)[key], value));

const alike = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? '';
