import type { Mode, Plan } from '../../fleet/index.js';

export interface GraphNode {
  readonly name: string;
  readonly kind: 'service' | 'external';
}

/** All calls from one to another as one arrow. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly ports: readonly string[];
  /** The weakest of its calls. */
  readonly mode: Mode;
}

export interface CallGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Calls of metrics ports from outside: a scraper that calls everybody would hide the rest. */
  readonly notDrawn: number;
}

const STRENGTH: Readonly<Record<Mode, number>> = { strict: 3, audit: 2, permissive: 1, disabled: 0 };

/** What is drawn. An external and a service may have one name: externals get a sign that no name can have. */
export function callGraph(plan: Plan): CallGraph {
  const metrics = new Set(
    plan.services.flatMap(({ name, ports }) => ports.filter(({ protocol }) => protocol === 'metrics').map(port => `${name}:${port.name}`)),
  );
  const edges = new Map<string, { from: string; to: string; ports: string[]; mode: Mode }>();
  const add = (from: string, to: string, port: string, mode: Mode): void => {
    const key = `${from} ${to}`;
    const known = edges.get(key);
    if (known === undefined) edges.set(key, { from, to, ports: [port], mode });
    else {
      known.ports.push(port);
      if (STRENGTH[mode] < STRENGTH[known.mode]) known.mode = mode;
    }
  };
  let notDrawn = 0;
  for (const { caller, callee, port, mode } of plan.edges) add(caller, callee, port, mode);
  for (const { direction, service, external, port, mode } of plan.externalEdges) {
    if (direction === 'out') add(service, externalId(external), port, mode);
    else if (metrics.has(`${service}:${port}`)) notDrawn += 1;
    else add(externalId(external), service, port, mode);
  }
  const drawn = new Set([...edges.values()].flatMap(({ from, to }) => [from, to]));
  return {
    nodes: [
      ...plan.services.map(({ name }) => ({ name, kind: 'service' as const })),
      ...plan.externals.map(({ name }) => ({ name: externalId(name), kind: 'external' as const })).filter(({ name }) => drawn.has(name)),
    ],
    edges: [...edges.values()],
    notDrawn,
  };
}

const EXTERNAL = '@';

const externalId = (name: string): string => `${EXTERNAL}${name}`;

/** The name as the fleet has it. */
export const shownName = ({ name, kind }: GraphNode): string => (kind === 'external' ? name.slice(EXTERNAL.length) : name);
