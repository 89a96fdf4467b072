import type { CertificateLabels, Inventory } from './inventory.js';
import {
  certificateSeries,
  constant,
  type Expectation,
  fires,
  quiet,
  type Reported,
  type Scenario,
  type Segment,
} from './rule-scenario.js';
import type { TestClock } from './test-clock.js';
import { EXPIRING_SOON_SHARE, FAILED, OVERDUE, STUCK_DIVISOR, type Thresholds, UNMANAGED } from './thresholds.js';

const MINUTE = 60;
const HOUR = 3_600;
/** A date that no scenario reaches. */
const FAR = 2_000_000_000;

/** What the certificate scenarios share: one leaf and how time runs. */
export class CertificateScenarios {
  private readonly leaf: CertificateLabels;
  private readonly labels: Record<string, string>;
  private readonly step: number;
  private readonly window: number;

  constructor(
    private readonly all: Inventory,
    leaf: CertificateLabels,
    clock: TestClock,
    private readonly limits: Thresholds,
  ) {
    this.leaf = leaf;
    this.labels = { ...leaf };
    this.step = clock.stepSeconds;
    this.window = clock.windowSeconds;
  }

  scenarios(): Scenario[] {
    return [
      this.neverRenewed(),
      this.renewedInTime(),
      this.expired(),
      this.neverIssued(),
      this.renewalDisabled(),
      this.notReady(),
      this.missing(),
      this.notYetValid(),
    ];
  }

  private neverRenewed(): Scenario {
    const renewal = this.hours(1);
    const notAfter = renewal + this.window;
    const pending = this.limits.pendingSeconds;
    const end = notAfter;
    const overdue = renewal + Math.min(this.window * OVERDUE.windowShare, OVERDUE.atMostSeconds);
    const failed = renewal + Math.min(this.window * FAILED.windowShare, FAILED.atMostSeconds);
    const soon = notAfter - (this.window * EXPIRING_SOON_SHARE.numerator) / EXPIRING_SOON_SHARE.denominator;
    const stuck = notAfter - this.window / STUCK_DIVISOR;
    const late = (alert: string, from: number): Expectation[] => {
      const at = this.after(from, pending);
      return [quiet(alert, Math.floor(from)), fires(alert, at, this.labels, at - renewal)];
    };
    const near = (alert: string, from: number): Expectation[] => {
      const at = this.after(from, pending);
      return [quiet(alert, Math.floor(from)), fires(alert, at, this.labels, notAfter - at)];
    };
    const reported = { notAfter: constant(notAfter, end), renewal: constant(renewal, end), ready: constant(1, end) };
    // A second replica takes over half way: neither a duplicate nor a reset.
    const handedOver: Reported = { notAfter: [{ value: undefined, seconds: this.window / 2 }, ...constant(notAfter, this.window / 2)] };
    return {
      name: 'renewal is due and never happens; honorLabels false, two replicas',
      series: [
        ...certificateSeries(this.leaf, reported, { honorLabels: false, pod: 'a' }),
        ...certificateSeries(this.leaf, handedOver, { honorLabels: false, pod: 'b' }),
      ],
      expectations: [
        ...late('MtlsCertificateRenewalOverdue', overdue),
        ...late('CertificateRenewalFailed', failed),
        ...near('CertificateExpiringSoon', soon),
        ...near('MtlsCertificateRenewalStuck', stuck),
        quiet('MtlsCertificateNotReady', this.after(stuck, pending)),
        quiet('MtlsCertificateExpired', notAfter),
      ],
    };
  }

  private renewedInTime(): Scenario {
    const renewal = this.hours(1);
    const notAfter = renewal + this.window;
    const end = renewal + this.window + 4 * this.step;
    // It takes up to five minutes until Prometheus sees the new dates.
    const before = renewal + Math.min(this.step, 5 * MINUTE);
    const swap = (old: number, fresh: number): readonly Segment[] => [...constant(old, before), ...constant(fresh, end - before)];
    const reported: Reported = {
      notAfter: swap(notAfter, notAfter + this.window + end),
      renewal: swap(renewal, notAfter + end),
      notBefore: swap(1, renewal),
      ready: constant(1, end),
    };
    const times = [renewal, this.after(renewal, this.limits.pendingSeconds), this.after(notAfter, 0)];
    return {
      name: 'ordinary renewal: nothing fires',
      series: certificateSeries(this.leaf, reported, { honorLabels: false, pod: 'a' }),
      expectations: times.flatMap(at => ALL_CERTIFICATE_ALERTS.map(alert => quiet(alert, at))),
    };
  }

  private expired(): Scenario {
    const notAfter = this.hours(2);
    const at = this.after(notAfter, MINUTE);
    const reported = { notAfter: constant(notAfter, at), renewal: constant(notAfter / 2, at), ready: constant(0, at) };
    return {
      name: 'expired; honorLabels true',
      series: certificateSeries(this.leaf, reported, { honorLabels: true, pod: 'a' }),
      expectations: [
        quiet('MtlsCertificateExpired', notAfter),
        fires('MtlsCertificateExpired', at, this.labels, at - notAfter),
        quiet('MtlsCertificateNotReady', at),
        quiet('MtlsCertificateNeverIssued', at),
      ],
    };
  }

  /** Every date is 0: neither expired nor overdue since 1970. */
  private neverIssued(): Scenario {
    const at = this.after(2 * HOUR, 0);
    const zero = constant(0, at);
    return {
      name: 'never issued: all dates are 0',
      series: certificateSeries(
        this.leaf,
        { notAfter: zero, notBefore: zero, renewal: zero, ready: zero },
        { honorLabels: true, pod: 'a' },
      ),
      expectations: [
        quiet('MtlsCertificateNeverIssued', 10 * MINUTE),
        fires('MtlsCertificateNeverIssued', at, this.labels),
        ...ALL_CERTIFICATE_ALERTS.filter(alert => alert !== 'MtlsCertificateNeverIssued').map(alert => quiet(alert, at)),
      ],
    };
  }

  /** cert-manager 1.21 with renewal policy Disabled: no date of renewal on a healthy certificate. */
  private renewalDisabled(): Scenario {
    const lifetime = 60 * this.step;
    const notAfter = this.step + lifetime;
    const threshold = notAfter - Math.min(lifetime / UNMANAGED.lifetimeDivisor, UNMANAGED.atMostSeconds);
    const at = this.after(threshold, this.limits.pendingSeconds);
    const reported = {
      notAfter: constant(notAfter, at),
      notBefore: constant(this.step, at),
      renewal: constant(0, at),
      ready: constant(1, at),
    };
    return {
      name: 'renewal policy Disabled',
      series: certificateSeries(this.leaf, reported, { honorLabels: false, pod: 'a' }),
      expectations: [
        quiet('MtlsCertificateUnmanagedExpiry', threshold),
        fires('MtlsCertificateUnmanagedExpiry', at, this.labels, notAfter - at),
        ...RENEWAL_ALERTS.map(alert => quiet(alert, at)),
      ],
    };
  }

  private notReady(): Scenario {
    const from = this.hours(1);
    const at = this.after(from, 30 * MINUTE);
    const ready = [...constant(1, from), ...constant(0, at)];
    return {
      name: 'a changed Certificate can not be issued anew',
      series: certificateSeries(this.leaf, { ...this.healthy(at), ready }, { honorLabels: false, pod: 'a' }),
      expectations: [
        quiet('MtlsCertificateNotReady', from + 10 * MINUTE),
        fires('MtlsCertificateNotReady', at, this.labels),
        quiet('MtlsCertificateNeverIssued', at),
      ],
    };
  }

  private missing(): Scenario {
    const at = this.after(HOUR, 15 * MINUTE);
    const others = [...this.all.leaves, ...this.all.publics, ...this.all.authorities.map(authority => authority.labels)].filter(
      certificate => certificate.namespace !== this.leaf.namespace || certificate.name !== this.leaf.name,
    );
    const known = [...others, { ...this.leaf, namespace: 'elsewhere' }];
    return {
      name: 'declared, but cert-manager knows only the others',
      series: known.flatMap(other => certificateSeries(other, { ready: constant(1, at) }, { honorLabels: false, pod: 'a' })),
      expectations: [quiet('MtlsCertificateMissing', 10 * MINUTE), fires('MtlsCertificateMissing', at, this.labels)],
    };
  }

  private notYetValid(): Scenario {
    const notBefore = 12 * this.step;
    const at = this.after(0, 5 * MINUTE);
    const end = this.after(notBefore, 10 * MINUTE);
    return {
      name: 'valid only from a later time on',
      series: certificateSeries(this.leaf, { ...this.healthy(end), notBefore: constant(notBefore, end) }, { honorLabels: false, pod: 'a' }),
      expectations: [fires('MtlsCertificateNotYetValid', at, this.labels, notBefore - at), quiet('MtlsCertificateNotYetValid', end)],
    };
  }

  private healthy(seconds: number): Reported {
    return {
      notAfter: constant(FAR, seconds),
      renewal: constant(FAR - this.window, seconds),
      notBefore: constant(1, seconds),
      ready: constant(1, seconds),
    };
  }

  /** At least so many hours, as whole evaluations. */
  private hours(amount: number): number {
    return Math.ceil((amount * HOUR) / this.step) * this.step;
  }

  /** The first evaluation at which a condition that begins at `from` must have fired, with one to spare. */
  private after(from: number, forSeconds: number): number {
    return Math.ceil((from + forSeconds) / this.step + 1) * this.step + this.step;
  }
}

const RENEWAL_ALERTS = [
  'MtlsCertificateRenewalOverdue',
  'CertificateRenewalFailed',
  'CertificateExpiringSoon',
  'MtlsCertificateRenewalStuck',
];
const ALL_CERTIFICATE_ALERTS = [
  ...RENEWAL_ALERTS,
  'MtlsCertificateExpired',
  'MtlsCertificateUnmanagedExpiry',
  'MtlsCertificateNotReady',
  'MtlsCertificateNeverIssued',
  'MtlsCertificateNotYetValid',
];
