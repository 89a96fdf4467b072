import { createHash } from 'node:crypto';
import type { Plan, PortPlan, ServicePlan } from '../../fleet/plan.js';
import type { NotProvable } from './types.js';

/** A port of the plan that carries mutual TLS. */
export interface TlsPort {
  readonly service: ServicePlan;
  readonly port: PortPlan;
}

export interface PlannedCall {
  readonly caller: string;
  readonly target: TlsPort;
}

/** The calls of a plan, sorted into what handshakes can prove and what they can't. */
export interface Calls {
  readonly ports: readonly TlsPort[];
  readonly edges: readonly PlannedCall[];
  readonly externals: readonly (PlannedCall & { readonly spiffeId: string })[];
  /** Calls that nobody declared, from every other service to every port; sampled. */
  readonly nonEdges: readonly PlannedCall[];
  readonly nonEdgeTotal: number;
  readonly notProvable: readonly NotProvable[];
}

export function planCalls(plan: Plan, options: { readonly maxNonEdges: number; readonly seed: string }): Calls {
  const declared = declaredCalls(plan);
  const known = new Set(plan.edges.map(edge => `${edge.caller} ${portKey(edge.callee, edge.port)}`));
  const all = plan.services.flatMap(({ name: caller }) =>
    declared.ports
      .filter(({ service, port }) => service.name !== caller && !known.has(`${caller} ${portKey(service.name, port.name)}`))
      .map(target => ({ caller, target })),
  );
  return { ...declared, nonEdges: sample(all, options), nonEdgeTotal: all.length };
}

/** The declared calls alone, whose number is that of the edges. */
export function declaredCalls(plan: Plan): Omit<Calls, 'nonEdges' | 'nonEdgeTotal'> {
  const notProvable: NotProvable[] = [];
  const ports = new Map<string, TlsPort>();
  for (const service of plan.services) {
    for (const port of service.ports) {
      if (!port.tls) continue;
      if (port.mode === 'disabled') {
        notProvable.push({ caller: undefined, callee: service.name, port: port.name, reason: 'the port is in mode disabled' });
        continue;
      }
      ports.set(portKey(service.name, port.name), { service, port });
      if (port.mode === 'permissive' && port.plainPort !== undefined) {
        const text = `plain port ${port.plainPort} takes calls without TLS (mode permissive)`;
        notProvable.push({ caller: undefined, callee: service.name, port: port.name, reason: text });
      }
    }
  }
  const edges: PlannedCall[] = [];
  for (const { caller, callee, port, mode } of plan.edges) {
    const target = ports.get(portKey(callee, port));
    if (!target) notProvable.push({ caller, callee, port, reason: 'its port carries no mutual TLS' });
    else if (mode === 'disabled') notProvable.push({ caller, callee, port, reason: 'the call is in mode disabled' });
    else edges.push({ caller, target });
  }
  const identities = new Map(plan.externals.map(external => [external.name, external.spiffeId]));
  const externals: (PlannedCall & { spiffeId: string })[] = [];
  for (const { direction, external, service, port, mode } of plan.externalEdges) {
    if (direction !== 'in') continue;
    const target = ports.get(portKey(service, port));
    const spiffeId = identities.get(external);
    if (target && spiffeId !== undefined && mode !== 'disabled') externals.push({ caller: external, target, spiffeId });
  }
  return { ports: [...ports.values()], edges, externals, notProvable };
}

export const portKey = (service: string, port: string): string => `${service}:${port}`;

/** The first by hash: a call that is added or removed hardly changes which others are chosen. */
function sample(
  calls: readonly PlannedCall[],
  { maxNonEdges, seed }: { readonly maxNonEdges: number; readonly seed: string },
): readonly PlannedCall[] {
  if (calls.length <= maxNonEdges) return calls;
  const hash = ({ caller, target }: PlannedCall): string =>
    createHash('sha256')
      .update(`${seed} ${caller} ${portKey(target.service.name, target.port.name)}`)
      .digest('hex');
  const ranked = calls.map(call => ({ call, rank: hash(call) })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const chosen = new Set(ranked.slice(0, maxNonEdges).map(({ call }) => call));
  return calls.filter(call => chosen.has(call));
}
