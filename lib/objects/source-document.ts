/** A text that was read. */
export interface SourceFile {
  /** How messages call it: a path relative to the working folder, `<stdin>`, or a template of a rendered chart. */
  readonly name: string;
  /** On the disk; undefined for what came from stdin or out of a renderer, which nobody can mend in place. */
  readonly path?: string;
  readonly text: string;
}

/** One document of a file of several. */
export interface SourceDocument {
  readonly file: SourceFile;
  /** Offsets of its text in that of the file. */
  readonly start: number;
  readonly end: number;
  /** 1-based line on which the text starts. */
  readonly line: number;
}

export const documentText = ({ file, start, end }: SourceDocument): string => file.text.slice(start, end);

// YAML 1.2, c-forbidden: these can't stand at the start of a line inside of any value
const MARKER = /^(---|\.\.\.)(?=[ \t\r\n]|$)/gm;

/**
 * Cuts a text at its document markers, so that one broken document leaves the others readable. A document that
 * holds comments and directives alone is left out.
 */
export function splitDocuments(file: SourceFile): SourceDocument[] {
  const { text } = file;
  const documents: SourceDocument[] = [];
  let line = 1;
  let counted = 0;
  const lineOf = (offset: number): number => {
    for (let at = text.indexOf('\n', counted); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
    counted = offset;
    return line;
  };
  const add = (start: number, end: number): void => {
    if (hasContent(text, start, end)) documents.push({ file, start, end, line: lineOf(start) });
  };
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  MARKER.lastIndex = 0;
  for (let match = MARKER.exec(text); match; match = MARKER.exec(text)) {
    add(start, match.index);
    start = match.index + 3;
  }
  add(start, text.length);
  return documents;
}

const BLANK_OR_COMMENT = /[ \t]*(?:#.*|%.*)?(?:\r?\n|$)/y;

function hasContent(text: string, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    BLANK_OR_COMMENT.lastIndex = at;
    const match = BLANK_OR_COMMENT.exec(text);
    if (!match) return true;
    if (match[0].length === 0) return false;
    at += match[0].length;
  }
  return false;
}
