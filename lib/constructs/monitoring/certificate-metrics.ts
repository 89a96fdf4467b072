import { INFO, RESERVE } from './inventory.js';
import { is, type Matcher, seconds, select } from './promql.js';
import type { RecordingRule } from './rule.js';
import { EXPIRING_SOON_SHARE, FAILED, OVERDUE, STUCK_DIVISOR, UNMANAGED } from './thresholds.js';

const NOT_AFTER = 'sentinel:certificate_not_after:timestamp_seconds';
const NOT_BEFORE = 'sentinel:certificate_not_before:timestamp_seconds';
const RENEWAL = 'sentinel:certificate_renewal:timestamp_seconds';
const READY = 'sentinel:certificate_ready:max';

/**
 * PromQL expressions over the certificates of one fleet. Each takes further matchers, so that an alert asks for
 * all certificates and a panel for those that its variables choose. All keep the labels of the inventory.
 */
export class CertificateMetrics {
  private readonly fleet: Matcher;

  constructor(fleet: string) {
    this.fleet = is('fleet', fleet);
  }

  declared = (...matchers: readonly Matcher[]): string => select(INFO, this.fleet, ...matchers);
  notAfter = (...matchers: readonly Matcher[]): string => select(NOT_AFTER, this.fleet, ...matchers);
  notBefore = (...matchers: readonly Matcher[]): string => select(NOT_BEFORE, this.fleet, ...matchers);
  /** When cert-manager means to renew; absent for a certificate with renewal policy Disabled. */
  renewal = (...matchers: readonly Matcher[]): string => select(RENEWAL, this.fleet, ...matchers);
  /** 1 or 0. */
  ready = (...matchers: readonly Matcher[]): string => select(READY, this.fleet, ...matchers);

  timeLeft = (...matchers: readonly Matcher[]): string => `${this.notAfter(...matchers)} - time()`;
  sinceRenewalDue = (...matchers: readonly Matcher[]): string => `time() - ${this.renewal(...matchers)}`;
  renewalWindow = (...matchers: readonly Matcher[]): string => `(${this.notAfter(...matchers)} - ${this.renewal(...matchers)})`;

  /** Value: seconds since notAfter. */
  expired = (...matchers: readonly Matcher[]): string => `time() - ${this.notAfter(...matchers)} > 0`;

  /** Value: seconds since renewal was due. */
  overdue = (...matchers: readonly Matcher[]): string => this.late(1 / OVERDUE.windowShare, OVERDUE.atMostSeconds, matchers);

  /** Value: seconds since renewal was due. */
  renewalFailed = (...matchers: readonly Matcher[]): string => this.late(1 / FAILED.windowShare, FAILED.atMostSeconds, matchers);

  /** Value: seconds left; ends with notAfter, where `expired` begins. */
  expiringSoon(...matchers: readonly Matcher[]): string {
    const { numerator, denominator } = EXPIRING_SOON_SHARE;
    return `(\n  ${this.timeLeft(...matchers)}\n  < ${this.renewalWindow(...matchers)} * ${numerator} / ${denominator}\n) > 0`;
  }

  /** Value: seconds left. */
  renewalStuck = (...matchers: readonly Matcher[]): string =>
    `(\n  ${this.timeLeft(...matchers)}\n  < ${this.renewalWindow(...matchers)} / ${STUCK_DIVISOR}\n) > 0`;

  /** Value: seconds left of a certificate that has no date of renewal. */
  unmanagedExpiry(...matchers: readonly Matcher[]): string {
    const lifetime = `(${this.notAfter(...matchers)} - ${this.notBefore(...matchers)})`;
    const limit = `clamp_max(${lifetime} / ${UNMANAGED.lifetimeDivisor}, ${seconds(UNMANAGED.atMostSeconds)})`;
    return `(\n  ${this.timeLeft(...matchers)}\n  < ${limit}\n) > 0\nunless ${this.renewal(...matchers)}`;
  }

  /** Issued and still valid, but not what its Certificate asks for. */
  notReady = (...matchers: readonly Matcher[]): string => `${this.ready(...matchers)} == 0\nand ${this.timeLeft(...matchers)} > 0`;

  neverIssued = (...matchers: readonly Matcher[]): string => `${this.ready(...matchers)} == 0\nunless ${this.notAfter(...matchers)}`;

  /** Declared, but unknown to a cert-manager that reports other certificates. */
  missing = (...matchers: readonly Matcher[]): string =>
    `(${this.declared(...matchers)} unless ${this.ready(...matchers)})\nand on () count(certmanager_certificate_ready_status) > 0`;

  /** Value: seconds until notBefore. 60 s: the difference of clocks that TLS libraries commonly forgive. */
  notYetValid = (...matchers: readonly Matcher[]): string => `${this.notBefore(...matchers)} - time() > 60`;

  /** Value: seconds by which a leaf outlives the CA that signs it. */
  outlivesAuthority = (...matchers: readonly Matcher[]): string =>
    `${this.notAfter(is('role', 'leaf'), ...matchers)}\n- on (ca) group_left ()\nmax by (ca) (${this.notAfter(is('role', 'ca'))}) > 0`;

  /** Value: seconds by which a leaf is older than its CA, once the CA is older than `graceSeconds`. */
  olderThanAuthority(graceSeconds: number, ...matchers: readonly Matcher[]): string {
    const issued = `max by (ca) (${this.notBefore(is('role', 'ca'))})`;
    const difference = `(\n  ${issued}\n  - on (ca) group_right ()\n  ${this.notBefore(is('role', 'leaf'), ...matchers)}\n) > 0`;
    return `${difference}\nand on (ca) (time() - ${issued} > ${seconds(graceSeconds)})`;
  }

  /** Value: seconds left of a CA that will end before what it signs today. */
  authorityExpiring = (...matchers: readonly Matcher[]): string =>
    `${this.timeLeft(is('role', 'ca'), ...matchers)}\n< ${select(RESERVE, this.fleet, ...matchers)}`;

  private late(divisor: number, atMostSeconds: number, matchers: readonly Matcher[]): string {
    const limit = `clamp_max(${this.renewalWindow(...matchers)} / ${divisor}, ${seconds(atMostSeconds)})`;
    return `${this.sinceRenewalDue(...matchers)}\n> ${limit}`;
  }

  /** The recording rules that the expressions above read. */
  recordingRules(): RecordingRule[] {
    // 0 is what cert-manager reports when it knows no date, so it must not count as one.
    const dated = (record: string, metric: string): RecordingRule => ({ record, expr: `${this.joined(metric)} > 0` });
    return [
      dated(NOT_AFTER, 'certmanager_certificate_expiration_timestamp_seconds'),
      dated(NOT_BEFORE, 'certmanager_certificate_not_before_timestamp_seconds'),
      dated(RENEWAL, 'certmanager_certificate_renewal_timestamp_seconds'),
      { record: READY, expr: this.joined('certmanager_certificate_ready_status', is('condition', 'True')) },
    ];
  }

  private joined(metric: string, ...matchers: readonly Matcher[]): string {
    return `${perObject(metric, ...matchers)}\n* on (namespace, name) group_left (fleet, service, team, role, ca) ${this.declared()}`;
  }
}

/**
 * One series per object, whatever pod reports it and whether Prometheus honours the exporter's labels or not
 * (then the object's namespace arrives as exported_namespace). 10 m bridge missed scrapes.
 */
export function perObject(metric: string, ...matchers: readonly Matcher[]): string {
  const over = (exported: Matcher): string => `last_over_time(${select(metric, ...matchers, exported)}[10m])`;
  const moved = `label_replace(${over('exported_namespace!=""')}, "namespace", "$1", "exported_namespace", "(.+)")`;
  return `max by (namespace, name) (\n  ${moved}\n  or\n  ${over('exported_namespace=""')}\n)`;
}
