export { type Check, type Level, type Outcome, SECTIONS, type Section, type Trouble } from './check.js';
export { CHECKS } from './checks/index.js';
export { type DoctorOptions, examine } from './run.js';
