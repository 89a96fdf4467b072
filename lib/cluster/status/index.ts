export { type CertificateStatus, FLEET_LABEL, type FleetStatus, fleetStatus, type StatusOptions } from './status.js';
