import { ObjectsError } from './object.js';
import type { SourceFile } from './source-document.js';
import { parseYaml, YamlProblem } from './yaml-value.js';

/** A file of one document as plain data. @throws ObjectsError */
export function parseYamlText(file: SourceFile): unknown {
  try {
    return parseYaml(file.text);
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error;
    throw new ObjectsError({ file: file.name, line: error.line + 1 }, error.message);
  }
}
