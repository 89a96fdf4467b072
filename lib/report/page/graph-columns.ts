import { type CallGraph, type GraphNode, shownName } from './call-graph.js';
import type { Drawing, PlacedNode, Point } from './graph-layout.js';

const HEIGHT = 16;
const STEP = 20;
const LETTER = 6;
const GAP = 90;
const MARGIN = 8;
/** A column that is higher stands as several beside each other. */
const MOST_IN_COLUMN = 60;
/** Sweeps of the barycentre method; more change nothing that can be seen. */
const SWEEPS = 4;

/**
 * Columns by the number of calls from where calls come in: time grows with nodes and arrows, for any graph.
 * Within a column, a node stands near those that it is called by.
 */
export function columns(graph: CallGraph): Drawing {
  const callees = listOf(graph, ({ from, to }) => [from, to]);
  const callers = listOf(graph, ({ from, to }) => [to, from]);
  const ranks = ranksOf(graph, callees, callers);
  const layers: GraphNode[][] = [];
  for (const node of graph.nodes) {
    const rank = ranks.get(node.name) ?? 0;
    layers[rank] ??= [];
    layers[rank].push(node);
  }
  order(layers, callees, callers);
  return placed(graph, layers);
}

type Neighbours = ReadonlyMap<string, readonly string[]>;

function listOf({ edges }: CallGraph, pair: (edge: CallGraph['edges'][number]) => readonly [string, string]): Neighbours {
  const lists = new Map<string, string[]>();
  for (const edge of edges) {
    const [key, value] = pair(edge);
    const list = lists.get(key);
    if (list) list.push(value);
    else lists.set(key, [value]);
  }
  return lists;
}

/** Calls from the nearest entry: an external, or a service that nobody calls. A ring has none, and begins with its first. */
function ranksOf({ nodes }: CallGraph, callees: Neighbours, callers: Neighbours): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  const spread = (starts: readonly string[]): void => {
    let front = starts.filter(name => !ranks.has(name));
    for (const name of front) ranks.set(name, 0);
    for (let rank = 1; front.length > 0; rank += 1) {
      front = [...new Set(front.flatMap(name => callees.get(name) ?? []))].filter(name => !ranks.has(name));
      for (const name of front) ranks.set(name, rank);
    }
  };
  spread(nodes.filter(({ name }) => !callers.has(name)).map(({ name }) => name));
  for (const { name } of nodes) spread([name]);
  return ranks;
}

function order(layers: readonly GraphNode[][], callees: Neighbours, callers: Neighbours): void {
  const at = new Map<string, number>();
  const number = (layer: readonly GraphNode[]): void => {
    for (const [index, { name }] of layer.entries()) at.set(name, (index + 0.5) / layer.length);
  };
  for (const layer of layers) number(layer);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const near = sweep % 2 === 0 ? callers : callees;
    for (const layer of sweep % 2 === 0 ? layers : [...layers].reverse()) {
      const wish = new Map(layer.map(({ name }) => [name, mean((near.get(name) ?? []).map(other => at.get(other) ?? 0.5))]));
      layer.sort((a, b) => (wish.get(a.name) ?? 0.5) - (wish.get(b.name) ?? 0.5) || (a.name < b.name ? -1 : 1));
      number(layer);
    }
  }
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;

function placed({ edges }: CallGraph, layers: readonly GraphNode[][]): Drawing {
  const stacks = layers.flatMap(layer => {
    const count = Math.ceil(layer.length / MOST_IN_COLUMN);
    const size = Math.ceil(layer.length / count);
    return Array.from({ length: count }, (_, index) => ({
      nodes: layer.slice(index * size, (index + 1) * size),
      gap: index === 0 ? GAP : 24,
    }));
  });
  const height = Math.max(...stacks.map(({ nodes }) => nodes.length)) * STEP + 2 * MARGIN;
  const nodes: PlacedNode[] = [];
  let right = MARGIN - GAP;
  for (const stack of stacks) {
    const width = Math.max(...stack.nodes.map(node => shownName(node).length)) * LETTER + 14;
    const x = right + stack.gap + width / 2;
    for (const [index, node] of stack.nodes.entries()) nodes.push({ node, x, y: MARGIN + (index + 0.5) * STEP, width, height: HEIGHT });
    right = x + width / 2;
  }
  const at = new Map(nodes.map(each => [each.node.name, each]));
  return {
    left: 0,
    top: 0,
    width: right + MARGIN,
    height,
    nodes,
    edges: edges.map(edge => ({ edge, points: line(at.get(edge.from), at.get(edge.to)) })),
    dense: true,
  };
}

/** From the right side of the caller to the left side of the callee; within a column around its side. */
function line(from: PlacedNode | undefined, to: PlacedNode | undefined): readonly Point[] {
  if (!from || !to) return [];
  const isForward = to.x - to.width / 2 > from.x + from.width / 2;
  const start = { x: from.x + from.width / 2, y: from.y };
  const end = { x: isForward ? to.x - to.width / 2 : to.x + to.width / 2, y: to.y };
  return [start, end];
}
