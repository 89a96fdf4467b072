import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { CORE_SCHEMA, load, YAMLException } from 'js-yaml';
import { displayPath, FleetError, type Issue, type Position } from './issue.js';

/** 16 MiB: ten times a fleet of 10,000 services; more is a mistake or an attack. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Nesting of a fleet is below 12; the bound also ends anchors that contain themselves. */
const MAX_DEPTH = 64;
/** Values after aliases are followed: bounds what a few lines of nested aliases can expand to. */
const MAX_VALUES = 5_000_000;

const fail = (source: string, message: string, notes: readonly string[], position?: Position): never => {
  throw new FleetError(source, [{ path: [], message, notes, position }]);
};

/** The text of a fleet file; every reason why it is no text is a FleetError. */
export function readFleetText(path: string): string {
  const source = displayPath(path);
  const bytes = readBytes(path, source);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail(source, 'file is not UTF-8 text', ['save it as UTF-8 and try again'], positionOfBadByte(bytes));
  }
}

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ELOOP: 'is a link that leads to itself',
  ENOTDIR: 'lies below something that is no folder',
  ENAMETOOLONG: 'has a name that is too long for the system',
};

function readBytes(path: string, source: string): Buffer {
  let descriptor: number | undefined;
  try {
    // non-blocking: a pipe that nobody writes to would hold the command for ever
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) return fail(source, 'is a directory, expected a fleet file', [`write ${source.replace(/\/$/, '')}/fleet.yaml`]);
    if (!stat.isFile()) return fail(source, 'is no regular file', ['expected a YAML file']);
    if (stat.size > MAX_BYTES)
      return fail(source, `file has ${stat.size} bytes, at most ${MAX_BYTES} are read`, [
        'split the fleet, or look for data that does not belong here',
      ]);
    return readFileSync(descriptor);
  } catch (error) {
    if (error instanceof FleetError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return fail(source, 'no such file', ['name the fleet file with -f FILE']);
    if (code === 'EACCES') return fail(source, 'no permission to read the file', ['check its owner and mode']);
    return fail(source, FILE_PROBLEMS[code ?? ''] ?? "can't be read", ['expected a YAML file']);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function positionOfBadByte(bytes: Buffer): Position {
  const replaced = new TextDecoder('utf-8').decode(bytes);
  // a U+FFFD that the author wrote decodes strictly, so the first one that does not is the culprit; good enough to find the line
  const before = replaced.slice(0, replaced.indexOf('�')).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** Parses YAML 1.2 (core schema, no tags, no merge keys, one document) into plain data without shared or cyclic parts. */
export function parseFleetText(text: string, source: string): unknown {
  let parsed: unknown;
  try {
    parsed = load(text, { schema: CORE_SCHEMA, filename: source });
  } catch (error) {
    return fail(source, ...describe(error, text));
  }
  return plainCopy(parsed, source, text);
}

const isContent = (line: string): boolean => !/^\s*(?:#.*)?$/.test(line) && !line.startsWith('---') && !line.startsWith('%');

function describe(error: unknown, text: string): [string, readonly string[], Position] {
  if (!(error instanceof YAMLException))
    return ['is nested too deeply to be read', ['a fleet has less than a dozen levels'], { line: 1, column: 1 }];
  const lines = text.split('\n');
  if (error.reason.includes('expected a single document')) {
    const second = lines.findIndex((line, index) => line.startsWith('---') && lines.slice(0, index).some(isContent));
    return ['holds more than one YAML document', ['one file is one fleet: remove the "---" between them'], { line: second + 1, column: 1 }];
  }
  const conflict = lines.findIndex(line => /^(?:<{7}|>{7}|={7})(?: |$)/.test(line));
  if (conflict >= 0)
    return ['holds the markers of a merge conflict', ['resolve it and remove the marked lines'], { line: conflict + 1, column: 1 }];
  const position = { line: error.mark.line + 1, column: error.mark.column + 1 };
  const line = lines[error.mark.line] ?? '';
  if (/^\s*\t/.test(line)) return ['a tab indents this line, YAML allows spaces only', ['replace the tab by spaces'], position];
  if (error.reason.includes('duplicated mapping key')) {
    const key = /^\s*(?:-\s+)?["']?([^"':]+)["']?\s*:/.exec(line)?.[1] ?? '';
    return [
      key === '' ? 'a key is written twice' : `key "${key}" is written twice`,
      ['remove one of them: only one could count'],
      position,
    ];
  }
  if (error.reason.includes('unknown tag')) return [error.reason, ['a fleet needs no YAML tags: remove it'], position];
  return [`is no valid YAML: ${error.reason}`, ['check indentation, quotes and brackets here and on the line before'], position];
}

/**
 * Aliases share objects in the parsed data and may form loops; later steps walk and merge freely, so they get
 * a tree. A key that would reach an object's prototype is refused.
 */
function plainCopy(root: unknown, source: string, text: string): unknown {
  let budget = MAX_VALUES;
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MAX_DEPTH)
      return fail(
        source,
        `is nested more than ${MAX_DEPTH} levels deep`,
        ['an anchor that contains itself does this: look for & and *'],
        positionOf(text, '&'),
      );
    if (Array.isArray(value)) {
      budget -= value.length + 1;
      if (budget < 0) return tooMuch();
      return value.map(item => copy(item, depth + 1));
    }
    const entries = Object.entries(value);
    budget -= entries.length + 1;
    if (budget < 0) return tooMuch();
    const result: Record<string, unknown> = {};
    for (const [key, item] of entries) {
      if (key === '__proto__') return fail(source, 'has a key "__proto__"', ['choose another name'], positionOf(text, '__proto__'));
      if (key === '[object Object]')
        return fail(
          source,
          'has a key that is a group of keys',
          ['braces are read as YAML: put the text in quotes, or render templates first'],
          positionOf(text, '{'),
        );
      result[key] = copy(item, depth + 1);
    }
    return result;
  };
  const tooMuch = (): never =>
    fail(
      source,
      `expands to more than ${MAX_VALUES} values`,
      ['aliases of aliases do this: write out what is meant'],
      positionOf(text, '&'),
    );
  return copy(root, 0);
}

function positionOf(text: string, word: string): Position {
  const before = text.slice(0, Math.max(0, text.indexOf(word))).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** Finds the positions of issues; only called when something is wrong, since it parses the file once more. */
export function locate(text: string, issues: readonly Issue[]): (Position | undefined)[] {
  const { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } = require('yaml') as typeof import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, schema: 'core', logLevel: 'silent' });
  const positionAt = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  return issues.map(issue => {
    let node: unknown = document.contents;
    let offset = rangeStart(node);
    for (const [index, part] of issue.path.entries()) {
      if (isAlias(node)) node = node.resolve(document);
      const last = index === issue.path.length - 1;
      if (isMap(node)) {
        const pair = node.items.find(item => isScalar(item.key) && String(item.key.value) === String(part));
        if (!pair) break;
        offset = rangeStart(pair.key) ?? offset;
        node = pair.value;
      } else if (isSeq(node)) node = node.items[Number(part)];
      else break;
      if (!(last && issue.atKey)) offset = isEmptyScalar(node) ? offset : (rangeStart(node) ?? offset);
    }
    return offset === undefined ? undefined : positionAt(offset);
  });

  function rangeStart(node: unknown): number | undefined {
    return (node as { range?: readonly number[] } | null)?.range?.[0];
  }
  function isEmptyScalar(node: unknown): boolean {
    return node === null || (isScalar(node) && node.value === null);
  }
}
