export { differencesJson } from './difference-json.js';
export { differencesMarkdown } from './difference-markdown.js';
export { differencesText } from './difference-text.js';
export { formatHandshakes, handshakesJson } from './handshakes.js';
export { formatManifestFindings } from './handshakes-findings.js';
export { printable } from './printable.js';
