import type { CertificateMetrics } from './certificate-metrics.js';
import { is, type Matcher, select } from './promql.js';

/** Metrics of the runtime libraries (conformance/metrics.json), by the labels `namespace`, `service` and `pod` of their scrape. */
const NOT_AFTER = 'sentinel_mtls_certificate_not_after_seconds';
const DENIALS = 'sentinel_mtls_denials_total';
const RELOADS = 'sentinel_mtls_reloads_total';
const IDENTITY = 'sentinel_mtls_identity_info';

/** How far back a counter is looked at: three scrapes at the slowest usual interval, 5 minutes. */
const WINDOW = '15m';
// two clocks, and whole seconds in a certificate
const SAME_SECONDS = 60;

/** PromQL expressions over what the processes of one fleet say of themselves. */
export class RuntimeMetrics {
  constructor(private readonly certificates: CertificateMetrics) {}

  /** End of what a pod serves; 0 is what a process reports that serves nothing yet. */
  served = (...matchers: readonly Matcher[]): string => `min by (namespace, service, pod) (${select(NOT_AFTER, ...matchers)} > 0)`;

  /** Value: seconds by which the certificate in the Secret outlives the one that a pod serves; for a pod that is current about 0. */
  servedBehind(...matchers: readonly Matcher[]): string {
    const issued = this.certificates.notAfter(is('role', 'leaf'), ...matchers);
    return `${issued}\n- on (namespace, service) group_right (fleet, name, team, role, ca)\n${this.served()}`;
  }

  servedIsNotIssued = (...matchers: readonly Matcher[]): string => `(\n${indent(this.servedBehind(...matchers))}\n) > ${SAME_SECONDS}`;

  /** Value: callers that were refused, or in mode audit would be. */
  denied = (enforced: boolean, ...matchers: readonly Matcher[]): string =>
    this.ours(rose(select(DENIALS, is('enforced', String(enforced))), 'peer, reason'), ...matchers);

  /** Value: looks at new files that found them unusable. */
  reloadRefused = (...matchers: readonly Matcher[]): string =>
    this.ours(rose(select(RELOADS, is('result', 'refused')), 'pod, part, reason'), ...matchers);

  /** Value: sets of roots that are trusted at the same time, where there is more than one. */
  trustSets = (): string => `count by (fleet) (count by (fleet, trust_fingerprint) (\n${indent(this.ours(IDENTITY))}\n)) > 1`;

  /** Only the services of this fleet, with the team that answers for them. */
  private ours(expr: string, ...matchers: readonly Matcher[]): string {
    const declared = this.certificates.declared(is('role', 'leaf'), ...matchers);
    return `${expr}\n* on (namespace, service) group_left (fleet, team)\n${declared}`;
  }
}

/** A counter that rose. One that begins with 1 has no increase: hence the second half. */
function rose(counter: string, by: string): string {
  const sum = (expr: string): string => `sum by (namespace, service, ${by}) (${expr}) > 0`;
  return `(\n  ${sum(`increase(${counter}[${WINDOW}])`)}\n  or\n  ${sum(`${counter} unless ${counter} offset ${WINDOW}`)}\n)`;
}

const indent = (text: string): string => text.replace(/^/gm, '  ');
