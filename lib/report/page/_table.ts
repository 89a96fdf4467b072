import { type Html, html } from './_html.js';

export interface Cell {
  readonly content: Html | string | number;
  /** What rows are sorted by, where it is not the text. */
  readonly sort?: number;
}

export interface Row {
  readonly cells: readonly (Cell | Html | string | number)[];
  readonly id?: string;
}

/** A table with roles spelled out: a narrow screen shows rows as cards, and a browser then forgets what they were. */
export function table(caption: string, headings: readonly string[], rows: readonly Row[]): Html {
  return html`<table role="table"><caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${headings.map(heading => html`<th role="columnheader" scope="col">${heading}</th>`)}</tr></thead>
<tbody role="rowgroup">
${rows.map(row => rowHtml(row, headings))}</tbody></table>`;
}

function rowHtml({ cells, id }: Row, headings: readonly string[]): Html {
  const attribute = id === undefined ? '' : html` id="${id}"`;
  return html`<tr role="row"${attribute}>${cells.map((cell, index) => cellHtml(cell, headings[index] ?? '', index === 0))}</tr>
`;
}

function cellHtml(cell: Row['cells'][number], heading: string, isFirst: boolean): Html {
  const { content, sort } = isCell(cell) ? cell : { content: cell, sort: undefined };
  const order = sort === undefined ? '' : html` data-sort="${sort}"`;
  return isFirst
    ? html`<th role="rowheader" scope="row"${order}>${content}</th>`
    : html`<td role="cell" data-label="${heading}"${order}>${content}</td>`;
}

const isCell = (cell: Row['cells'][number]): cell is Cell => typeof cell === 'object' && 'content' in cell;
