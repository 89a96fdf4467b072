import type { Plan } from '../../fleet/plan.js';
import { type Alert, VALUE_AS_DURATION } from './alert.js';
import type { RuntimeMetrics } from './runtime-metrics.js';
import type { Thresholds } from './thresholds.js';

const MINUTE = 60;
/** A denied call is over at once: the alert stays until somebody had the time to see it. */
const KEEP = 15 * MINUTE;

const POD = 'pod {{ $labels.namespace }}/{{ $labels.pod }}';
const SERVICE = '{{ $labels.namespace }}/{{ $labels.service }}';

/** Where nobody has a metrics port, nobody can be asked. */
export const hasRuntimeMetrics = ({ services }: Plan): boolean =>
  services.some(({ ports }) => ports.some(({ protocol }) => protocol === 'metrics'));

/** Alerts on what the processes say of themselves; those without the runtime libraries say nothing, and none fires. */
export function runtimeAlerts(metrics: RuntimeMetrics, limits: Thresholds): Alert[] {
  return [
    {
      name: 'MtlsServedIsNotIssued',
      expr: metrics.servedIsNotIssued(),
      forSeconds: limits.servedSeconds,
      severity: 'critical',
      owner: 'inventory',
      summary: `${POD} serves an old certificate`,
      description: `The certificate in its Secret ends ${VALUE_AS_DURATION} later than the one that it serves. When that ends, its calls fail, whatever the Secret holds.`,
    },
    {
      name: 'MtlsReloadRefused',
      expr: metrics.reloadRefused(),
      keepFiringForSeconds: KEEP,
      severity: 'warning',
      owner: 'inventory',
      summary: `${POD} refuses its new files`,
      description: 'It can not use the new {{ $labels.part }} ({{ $labels.reason }}) and goes on with what it had.',
    },
    {
      name: 'MtlsCallerDenied',
      expr: metrics.denied(true),
      keepFiringForSeconds: KEEP,
      severity: 'warning',
      owner: 'inventory',
      summary: `${SERVICE} denied {{ $labels.peer }}`,
      description: 'Somebody with a certificate of this environment made a call that nobody declared ({{ $labels.reason }}).',
    },
    {
      name: 'MtlsAuditWouldDeny',
      expr: metrics.denied(false),
      keepFiringForSeconds: KEEP,
      severity: 'warning',
      owner: 'inventory',
      summary: `${SERVICE} would deny {{ $labels.peer }}`,
      description: 'In mode audit the call went through; in mode strict it would fail ({{ $labels.reason }}).',
    },
    {
      name: 'MtlsTrustSetBehind',
      expr: metrics.trustSets(),
      // a root that is added reaches every pod within minutes
      forSeconds: 30 * MINUTE,
      severity: 'warning',
      owner: 'fleet',
      summary: 'not all pods trust the same roots',
      description: 'Some have not taken the current bundle. When a root is removed or begins to sign, calls between them fail.',
    },
  ];
}
