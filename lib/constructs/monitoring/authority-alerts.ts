import { type Alert, CERTIFICATE, VALUE_AS_DURATION } from './alert.js';
import type { CertificateMetrics } from './certificate-metrics.js';
import type { Thresholds } from './thresholds.js';

const HOUR = 3_600;

/** Alerts on the CA certificates that the fleet makes itself. The CA of Vault or of somebody else has no metrics here. */
export function authorityAlerts(metrics: CertificateMetrics, limits: Thresholds): Alert[] {
  return [
    {
      name: 'MtlsLeafOutlivesCA',
      expr: metrics.outlivesAuthority(),
      forSeconds: HOUR / 4,
      severity: 'warning',
      owner: 'inventory',
      summary: `${CERTIFICATE} outlives its CA`,
      description: `The CA behind {{ $labels.ca }} ends ${VALUE_AS_DURATION} before this certificate. From then on every handshake with it fails.`,
    },
    {
      name: 'MtlsLeafOlderThanCA',
      expr: metrics.olderThanAuthority(limits.leafReissueSeconds),
      forSeconds: HOUR,
      severity: 'warning',
      owner: 'inventory',
      summary: `${CERTIFICATE} is older than its CA`,
      description: `The CA behind {{ $labels.ca }} was issued anew ${VALUE_AS_DURATION} after this certificate, which should have been replaced since then.`,
    },
    {
      name: 'MtlsCAExpiring',
      expr: metrics.authorityExpiring(),
      forSeconds: HOUR,
      severity: 'critical',
      owner: 'inventory',
      summary: `CA ${CERTIFICATE} expires in ${VALUE_AS_DURATION}`,
      description: 'What it signs from now on would outlive it. It should have been renewed by now.',
    },
  ];
}
