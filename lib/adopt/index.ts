export { AdoptError, type AdoptOptions, adopt } from './adopt.js';
export type { Draft } from './draft.js';
export { draftYaml } from './write-draft.js';
