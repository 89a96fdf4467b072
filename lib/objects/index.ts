export {
  apiGroup,
  type FieldPath,
  isRecord,
  type KubernetesObject,
  type ObjectSource,
  ObjectsError,
  objectName,
  valueAt,
} from './object.js';
export { ObjectSet, type ReadObject } from './object-set.js';
export { type FolderFile, parseFolder, parseObjects, type ReadOptions, readObjects } from './read.js';
