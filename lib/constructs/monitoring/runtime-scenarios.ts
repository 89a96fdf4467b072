import type { CertificateLabels } from './inventory.js';
import { certificateSeries, constant, fires, quiet, type Scenario, type Segment, type Series } from './rule-scenario.js';
import type { TestClock } from './test-clock.js';
import type { Thresholds } from './thresholds.js';

const HOUR = 3_600;
/** A date that no scenario reaches. */
const FAR = 2_000_000_000;

/** Scenarios of the processes' own metrics; `leaf` is the certificate of the service that reports them. */
export function runtimeScenarios(leaf: CertificateLabels, clock: TestClock, limits: Thresholds): Scenario[] {
  const step = clock.stepSeconds;
  const begin = Math.ceil(HOUR / step) * step + step;
  return [
    servedIsOld(leaf, begin, step, limits.servedSeconds),
    denied(leaf, begin, step),
    refused(leaf, begin, step),
    trustDiffers(leaf, begin, step),
  ].map(scenario => ({ ...scenario, sampleSeconds: clock.sampleSeconds }));
}

/** Labels of a scrape. */
const pod = ({ namespace, service }: CertificateLabels, name: string): Record<string, string> => ({ namespace, service, pod: name });

/** The certificate is renewed; one pod takes it, one does not, and one serves nothing yet. */
function servedIsOld(leaf: CertificateLabels, renewed: number, step: number, pending: number): Scenario {
  const later = HOUR;
  const changing: readonly Segment[] = [...constant(FAR, renewed), ...constant(FAR + later, 40 * step)];
  const served = (name: string, samples: readonly Segment[]): Series => ({
    metric: 'sentinel_mtls_certificate_not_after_seconds',
    labels: pod(leaf, name),
    samples,
  });
  const end = renewed + 40 * step;
  const alert = 'MtlsServedIsNotIssued';
  return {
    name: 'one pod goes on with the old certificate, one takes the new one, one has none yet',
    series: [
      ...certificateSeries(leaf, { notAfter: changing }, { honorLabels: false, pod: 'a' }),
      served('behind', constant(FAR, end)),
      served('current', changing),
      served('starting', constant(0, end)),
    ],
    expectations: [
      quiet(alert, renewed - step),
      // right after the renewal the kubelet has not swapped the files
      quiet(alert, renewed),
      fires(alert, renewed + Math.ceil(pending / step) * step + step, { ...leaf, pod: 'behind' }, later),
    ],
  };
}

const counter = (metric: string, labels: Readonly<Record<string, string>>, from: number, until: number): Series => ({
  metric,
  labels,
  samples: [{ value: undefined, seconds: from }, ...constant(1, until)],
});

/** One call each: no counter ever increases, it begins with 1. */
function denied(leaf: CertificateLabels, from: number, step: number): Scenario {
  const row = (enforced: string, peer: string): Readonly<Record<string, string>> => ({
    ...pod(leaf, 'a'),
    port: '8443',
    peer,
    reason: 'peer-not-listed',
    enforced,
  });
  const who = (peer: string): Record<string, string> => ({
    fleet: leaf.fleet,
    team: leaf.team,
    namespace: leaf.namespace,
    service: leaf.service,
    peer,
    reason: 'peer-not-listed',
  });
  const [thief, forgotten] = ['spiffe://a.example/ns/a/sa/thief', 'spiffe://a.example/ns/a/sa/forgotten'];
  const metric = 'sentinel_mtls_denials_total';
  return {
    name: 'one caller is denied, one would be, and a service of somebody else denies one too',
    series: [
      counter(metric, row('true', thief), from, 2 * step),
      counter(metric, row('false', forgotten), from, 2 * step),
      counter(metric, { ...row('true', thief), service: 'somebody-elses' }, from, 2 * step),
    ],
    expectations: [
      quiet('MtlsCallerDenied', from - step),
      quiet('MtlsAuditWouldDeny', from - step),
      fires('MtlsCallerDenied', from, who(thief)),
      fires('MtlsAuditWouldDeny', from, who(forgotten)),
    ],
  };
}

function refused(leaf: CertificateLabels, from: number, step: number): Scenario {
  const labels = { ...pod(leaf, 'a'), part: 'identity', reason: 'key-mismatch' };
  const metric = 'sentinel_mtls_reloads_total';
  const alert = 'MtlsReloadRefused';
  return {
    name: 'new files do not fit, and others are taken',
    series: [
      counter(metric, { ...labels, result: 'refused' }, from, 2 * step),
      counter(metric, { ...labels, pod: 'b', result: 'taken', reason: 'ok' }, from, 2 * step),
    ],
    expectations: [quiet(alert, from - step), fires(alert, from, { ...labels, fleet: leaf.fleet, team: leaf.team })],
  };
}

/** A root is added: the second pod follows at once, the third never does. */
function trustDiffers(leaf: CertificateLabels, from: number, step: number): Scenario {
  const info = (name: string, fingerprint: string, samples: readonly Segment[]): Series => ({
    metric: 'sentinel_mtls_identity_info',
    labels: { ...pod(leaf, name), trust_fingerprint: fingerprint },
    samples,
  });
  const before = (until: number): readonly Segment[] => [...constant(1, until), { value: undefined, seconds: 40 * step }];
  const after = (start: number): readonly Segment[] => [{ value: undefined, seconds: start }, ...constant(1, 40 * step)];
  const alert = 'MtlsTrustSetBehind';
  const settled = Math.ceil((HOUR / 2 + step) / step) * step;
  return {
    name: 'two pods trust the new root, the third still does not',
    series: [info('a', 'old', before(from)), info('a', 'new', after(from)), info('b', 'old', constant(1, from + 40 * step))],
    expectations: [quiet(alert, from - step), quiet(alert, from), fires(alert, from + settled + step, { fleet: leaf.fleet })],
  };
}
