export { formatHandshakes, handshakesJson } from './handshakes.js';
export { formatManifestFindings } from './handshakes-findings.js';
