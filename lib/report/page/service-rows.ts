import { blastRadius } from '../../check/relations/index.js';
import type { Mode, Plan } from '../../fleet/index.js';

/** A service with its calls, and how far a stolen key of it reaches. */
export interface ServiceRow {
  readonly name: string;
  readonly namespace: string;
  readonly team: string;
  readonly mode: Mode;
  readonly identity: string;
  /** Services and externals that call it, each once. */
  readonly callers: readonly string[];
  /** `orders:https`, also of externals. */
  readonly calls: readonly string[];
  /** Services that its key reaches, if each on the way is taken over too. */
  readonly reach: number;
  readonly farthest: number;
  readonly externals: readonly string[];
  /** Services that take a thief for this one. */
  readonly deceived: number;
  /** The declared call whose removal shrinks the reach most, where one does. */
  readonly cut: { readonly call: string; readonly fewer: number } | undefined;
  /** A stolen certificate is good for at most this long. */
  readonly lifetimeSeconds: number;
}

/** Those whose key reaches farthest first. */
export function serviceRows(plan: Plan): readonly ServiceRow[] {
  const callers = grouped([
    ...plan.edges.map(({ caller, callee }) => [callee, caller] as const),
    ...plan.externalEdges.filter(({ direction }) => direction === 'in').map(({ service, external }) => [service, external] as const),
  ]);
  const calls = grouped([
    ...plan.edges.map(({ caller, callee, port }) => [caller, `${callee}:${port}`] as const),
    ...plan.externalEdges
      .filter(({ direction }) => direction === 'out')
      .map(({ service, external, port }) => [service, `${external}:${port}`] as const),
  ]);
  const rows = plan.services.map((service): ServiceRow => {
    const { name, namespace, team, mode, spiffeId } = service;
    const { reachable, farthest, externals, deceived, cuts } = blastRadius(plan, service);
    const [cut] = cuts;
    return {
      name,
      namespace,
      team,
      mode,
      identity: spiffeId,
      callers: [...(callers.get(name) ?? [])].sort(),
      calls: [...(calls.get(name) ?? [])].sort(),
      reach: reachable,
      farthest,
      externals,
      deceived: deceived.length,
      cut: cut !== undefined && cut.fewer > 0 ? cut : undefined,
      lifetimeSeconds: service.certificate.durationSeconds,
    };
  });
  return rows.sort((a, b) => b.reach - a.reach || b.deceived - a.deceived || (a.name < b.name ? -1 : 1));
}

function grouped(pairs: readonly (readonly [key: string, value: string])[]): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group) group.add(value);
    else groups.set(key, new Set([value]));
  }
  return groups;
}
