export { FleetApp, type FleetAppProps } from './app.js';
export { checkOutput, type OutputDifference } from './check.js';
export { renderFleet } from './fleet.js';
export { OutputError, type OutputErrorCode } from './output-error.js';
export { GENERATED_LINE, type RenderedFile, textOf } from './rendered-file.js';
export { ValidationError } from './validation-error.js';
export { type OutputOptions, type WriteResult, writeOutput } from './write.js';
export { stringifyObject } from './yaml.js';
