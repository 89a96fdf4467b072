export { FleetChart, type Release, withDefaults } from './chart.js';
export { ChartError } from './chart-error.js';
export { GuardError } from './guards.js';
export { type ChartIdentity, chartIdentity } from './identity.js';
export { checkChart, writeChart } from './write.js';
