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
  valueAt,
} from './object.js';
export { ObjectSet, type ReadObject } from './object-set.js';
export { parseObjects, type ReadOptions, readObjects } from './read.js';
export { documentText, type SourceDocument, type SourceFile } from './source-document.js';
