import { type Html, html } from './_html.js';
import { shownName } from './call-graph.js';
import type { Drawing, PlacedEdge, PlacedNode, Point } from './graph-layout.js';

/** The drawing; without a script each node is a link to its row, and nothing else happens. A dense one is not squeezed into the width. */
export function graphSvg({ left, top, width, height, nodes, edges, dense }: Drawing): Html {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return html`<svg id="graph" class="${dense ? 'dense' : 'sparse fit'}" viewBox="${Math.floor(left)} ${Math.floor(top)} ${w} ${h}" width="${w}" height="${h}" role="group" aria-label="Declared calls">
<defs>
<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 1 7 4 0 7z"/></marker>
</defs>
<g class="edges" aria-hidden="true">
${edges.map(edgeSvg)}</g>
<g class="nodes">
${nodes.map(nodeSvg)}</g>
</svg>`;
}

function edgeSvg({ edge, points }: PlacedEdge): Html {
  return html`<path class="edge ${edge.mode}" data-from="${edge.from}" data-to="${edge.to}" d="${pathOf(points)}"/>
`;
}

function nodeSvg(placed: PlacedNode): Html {
  const { node, x, y, width, height } = placed;
  const name = shownName(node);
  const round = node.kind === 'external' ? height / 2 : 4;
  const shape = html`<rect x="${number(x - width / 2)}" y="${number(y - height / 2)}" width="${number(width)}" height="${number(height)}" rx="${round}"/><text x="${number(x)}" y="${number(y)}">${name}</text>`;
  if (node.kind === 'external')
    return html`<g class="node external" data-name="${node.name}"><title>${name}, outside of the fleet</title>${shape}</g>
`;
  return html`<a class="node" data-name="${node.name}" href="#service-${name}">${shape}</a>
`;
}

/** A smooth line: straight ends, and curves through the middle of what lies between. */
function pathOf(points: readonly Point[]): string {
  const [first, second, ...rest] = points;
  if (!first || !second) return '';
  if (rest.length === 0) {
    const bend = Math.max(30, Math.abs(second.x - first.x) / 2);
    // a line to the left, or within a column, leaves and arrives on the same side
    const arrive = second.x > first.x ? second.x - bend : second.x + bend;
    return `M${at(first)}C${number(first.x + bend)} ${number(first.y)} ${number(arrive)} ${number(second.y)} ${at(second)}`;
  }
  const inner = points.slice(1);
  let path = `M${at(first)}`;
  for (const [index, point] of inner.entries()) {
    const next = inner[index + 1];
    if (next === undefined) path += `L${at(point)}`;
    else if (index === inner.length - 2) path += `Q${at(point)} ${at(next)}`;
    else path += `Q${at(point)} ${number((point.x + next.x) / 2)} ${number((point.y + next.y) / 2)}`;
    if (index === inner.length - 2) break;
  }
  return path;
}

const at = ({ x, y }: Point): string => `${number(x)} ${number(y)}`;

const number = (value: number): string => String(Math.round(value * 10) / 10);
