export { type FieldRange, locateField, nodeTree } from './locate.js';
export { type ManifestOptions, type Manifests, readManifests } from './manifests.js';
export {
  apiGroup,
  type FieldPath,
  isRecord,
  type KubernetesObject,
  type ObjectSource,
  ObjectsError,
  objectName,
  type Place,
  parseObject,
  valueAt,
} from './object.js';
export { ObjectSet, type ReadObject } from './object-set.js';
export { parseYamlText } from './parse-text.js';
export { type FolderFile, parseFolder, parseObjects, type ReadOptions, readObjects } from './read.js';

export { documentText, type SourceDocument, type SourceFile } from './source-document.js';
export { systemProblem } from './system-problem.js';
export { decode, displayPath, readSourceFile } from './text-file.js';
