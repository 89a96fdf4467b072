export { type FleetReport, fleetReport, type ReportInput, verdictOf } from './fleet-report.js';
export { reportHtml } from './html-page.js';
export { reportMarkdown } from './markdown.js';
