import { type Alert, CERTIFICATE, VALUE_AS_DURATION } from './alert.js';
import type { CertificateMetrics } from './certificate-metrics.js';
import type { Thresholds } from './thresholds.js';

const MINUTE = 60;
// Bridges one lost evaluation, so that a gap does not send "resolved" and the alert once more.
const KEEP = 10 * MINUTE;

/** Alerts on every certificate of the fleet, in the order in which a failing renewal meets them. */
export function certificateAlerts(metrics: CertificateMetrics, limits: Thresholds): Alert[] {
  return [...renewalAlerts(metrics, limits.pendingSeconds), ...stateAlerts(metrics, limits.pendingSeconds)];
}

function renewalAlerts(metrics: CertificateMetrics, pending: number): Alert[] {
  const common = { owner: 'inventory', forSeconds: pending, keepFiringForSeconds: KEEP } as const;
  return [
    {
      ...common,
      name: 'MtlsCertificateRenewalOverdue',
      expr: metrics.overdue(),
      severity: 'warning',
      summary: `${CERTIFICATE} is not renewed yet`,
      description: `Renewal was due ${VALUE_AS_DURATION} ago and the certificate is still the old one. It stays valid for now.`,
    },
    {
      ...common,
      name: 'CertificateRenewalFailed',
      expr: metrics.renewalFailed(),
      severity: 'warning',
      summary: `renewal of ${CERTIFICATE} failed`,
      description: `Renewal was due ${VALUE_AS_DURATION} ago; by now cert-manager has tried more than once. Ready stays True until the certificate expires.`,
    },
    {
      ...common,
      name: 'CertificateExpiringSoon',
      expr: metrics.expiringSoon(),
      severity: 'warning',
      summary: `${CERTIFICATE} expires in ${VALUE_AS_DURATION}`,
      description: 'More than half of the time between renewal and expiry is gone, and the certificate is still the old one.',
    },
    {
      ...common,
      name: 'MtlsCertificateRenewalStuck',
      expr: metrics.renewalStuck(),
      severity: 'critical',
      summary: `${CERTIFICATE} expires in ${VALUE_AS_DURATION} and is not being renewed`,
      description: 'Two thirds of the time between renewal and expiry are gone. At notAfter every handshake that needs it fails.',
    },
    {
      name: 'MtlsCertificateExpired',
      expr: metrics.expired(),
      forSeconds: MINUTE,
      severity: 'critical',
      owner: 'inventory',
      summary: `${CERTIFICATE} has expired`,
      description: `It expired ${VALUE_AS_DURATION} ago. Every handshake that needs it fails.`,
    },
  ];
}

function stateAlerts(metrics: CertificateMetrics, pending: number): Alert[] {
  return [
    {
      name: 'MtlsCertificateUnmanagedExpiry',
      expr: metrics.unmanagedExpiry(),
      forSeconds: pending,
      severity: 'warning',
      owner: 'inventory',
      summary: `${CERTIFICATE} expires in ${VALUE_AS_DURATION} and nobody renews it`,
      description: 'cert-manager has no date of renewal for it: its renewal policy is Disabled.',
    },
    {
      name: 'MtlsCertificateNotReady',
      expr: metrics.notReady(),
      // Re-issue after a change of the spec takes seconds to minutes; with an ACME order up to half an hour.
      forSeconds: 30 * MINUTE,
      severity: 'warning',
      owner: 'inventory',
      summary: `${CERTIFICATE} is not ready`,
      description: 'It was issued and is valid, but it is not what its Certificate asks for, and cert-manager can not issue a new one.',
    },
    {
      name: 'MtlsCertificateNeverIssued',
      expr: metrics.neverIssued(),
      forSeconds: 15 * MINUTE,
      severity: 'critical',
      owner: 'inventory',
      summary: `${CERTIFICATE} was never issued`,
      description: 'Its Secret has no certificate: pods that mount it can not start.',
    },
    {
      name: 'MtlsCertificateMissing',
      expr: metrics.missing(),
      forSeconds: 15 * MINUTE,
      severity: 'critical',
      owner: 'inventory',
      summary: `${CERTIFICATE} is declared but missing`,
      description: 'The fleet declares it, cert-manager does not know it. Nothing renews the Secret, if there still is one.',
    },
    {
      name: 'MtlsCertificateNotYetValid',
      expr: metrics.notYetValid(),
      forSeconds: 5 * MINUTE,
      severity: 'warning',
      owner: 'inventory',
      summary: `${CERTIFICATE} becomes valid only in ${VALUE_AS_DURATION}`,
      description: 'Its notBefore lies in the future: the clock of the issuer or that of the cluster is wrong.',
    },
  ];
}
