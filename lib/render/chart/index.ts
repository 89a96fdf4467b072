export { FleetChart, type Release, withDefaults } from './chart.js';
export type { ChartIdentity } from './documents.js';
export { GuardError } from './guards.js';
export { checkChart, writeChart } from './write.js';
