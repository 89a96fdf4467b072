import { Graph, layout } from '@dagrejs/dagre';
import { type CallGraph, type GraphEdge, type GraphNode, shownName } from './call-graph.js';
import { columns } from './graph-columns.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A node with its centre and size, in the units of the drawing. */
export interface PlacedNode extends Point {
  readonly node: GraphNode;
  readonly width: number;
  readonly height: number;
}

export interface PlacedEdge {
  readonly edge: GraphEdge;
  readonly points: readonly Point[];
}

export interface Drawing {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  /** Too many to follow each line: arrows are faint until somebody is chosen. */
  readonly dense: boolean;
}

/** dagre's time grows with rank spans: 0.1 s for 31 services, 90 s for 500. Beyond this, nodes stand in plain columns. */
const MOST_NODES = 60;
const MOST_EDGES = 200;

// advance of one letter of a sans serif at 13 units, with the widest common ones in mind
const LETTER = 7.2;

export function layoutGraph(graph: CallGraph): Drawing {
  return graph.nodes.length <= MOST_NODES && graph.edges.length <= MOST_EDGES ? layered(graph) : columns(graph);
}

function layered({ nodes, edges }: CallGraph): Drawing {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 12, ranksep: 40 });
  for (const node of nodes) graph.setNode(node.name, { width: shownName(node).length * LETTER + 18, height: 28 });
  for (const { from, to } of edges) graph.setEdge(from, to, {});
  layout(graph);
  const placed = nodes.map(node => ({ node, ...sized(graph.node(node.name)) }));
  const lines = edges.map(edge => ({ edge, points: graph.edge(edge.from, edge.to).points ?? [] }));
  return { ...extent(placed, lines), nodes: placed, edges: lines, dense: false };
}

const MARGIN = 8;

/** dagre's own width and height are of the nodes: an arrow around them would be cut off. */
function extent(nodes: readonly PlacedNode[], edges: readonly PlacedEdge[]): Pick<Drawing, 'left' | 'top' | 'width' | 'height'> {
  const xs = [
    ...nodes.flatMap(({ x, width }) => [x - width / 2, x + width / 2]),
    ...edges.flatMap(({ points }) => points.map(({ x }) => x)),
  ];
  const ys = [
    ...nodes.flatMap(({ y, height }) => [y - height / 2, y + height / 2]),
    ...edges.flatMap(({ points }) => points.map(({ y }) => y)),
  ];
  const [left, top] = [Math.min(0, ...xs) - MARGIN, Math.min(0, ...ys) - MARGIN];
  return { left, top, width: Math.max(0, ...xs) + MARGIN - left, height: Math.max(0, ...ys) + MARGIN - top };
}

const sized = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<PlacedNode>): Omit<PlacedNode, 'node'> => ({ x, y, width, height });
