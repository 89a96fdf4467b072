import type { CertificateAuthority, CertificateLabels } from './inventory.js';
import { certificateSeries, constant, fires, quiet, type Scenario } from './rule-scenario.js';
import type { TestClock } from './test-clock.js';
import type { Thresholds } from './thresholds.js';

const HOUR = 3_600;
const FAR = 2_000_000_000;
const OPTIONS = { honorLabels: false, pod: 'a' };

/** Scenarios of the CA that signs the leaves, and of each CA's end. */
export function authorityScenarios(
  leaf: CertificateLabels,
  authorities: readonly CertificateAuthority[],
  clock: TestClock,
  limits: Thresholds,
): Scenario[] {
  const signer = authorities.find(authority => authority.labels.ca === leaf.ca);
  if (!signer) return [];
  return [
    leafOutlives(leaf, signer.labels, clock.stepSeconds),
    leafOlder(leaf, signer.labels, clock.stepSeconds, limits.leafReissueSeconds),
    ...authorities.map(authority => ending(authority, clock.stepSeconds)),
  ];
}

const after = (from: number, forSeconds: number, step: number): number => Math.ceil((from + forSeconds) / step + 1) * step + step;

function leafOutlives(leaf: CertificateLabels, signer: CertificateLabels, step: number): Scenario {
  const at = after(0, HOUR / 4, step);
  const end = after(at, 0, step);
  return {
    name: 'a leaf outlives its CA, until the CA is renewed',
    series: [
      ...certificateSeries(leaf, { notAfter: constant(FAR + 7_200, end) }, OPTIONS),
      ...certificateSeries(signer, { notAfter: [...constant(FAR, at + step), ...constant(FAR + 86_400, end)] }, OPTIONS),
    ],
    expectations: [fires('MtlsLeafOutlivesCA', at, { ...leaf }, 7_200), quiet('MtlsLeafOutlivesCA', end)],
  };
}

function leafOlder(leaf: CertificateLabels, signer: CertificateLabels, step: number, graceSeconds: number): Scenario {
  const issued = 2 * step;
  const at = after(issued + graceSeconds, HOUR, step);
  return {
    name: 'the CA was issued anew, and a leaf misses its next renewal',
    series: [
      ...certificateSeries(leaf, { notBefore: constant(step, at) }, OPTIONS),
      ...certificateSeries(signer, { notBefore: constant(issued, at) }, OPTIONS),
    ],
    expectations: [quiet('MtlsLeafOlderThanCA', Math.floor(issued + graceSeconds)), fires('MtlsLeafOlderThanCA', at, { ...leaf }, step)],
  };
}

function ending({ labels, reserveSeconds }: CertificateAuthority, step: number): Scenario {
  const from = 10 * step;
  const notAfter = from + reserveSeconds;
  const at = after(from, HOUR, step);
  return {
    name: `CA ${labels.name} reaches the time in which it should have been renewed`,
    series: certificateSeries(labels, { notAfter: constant(notAfter, at) }, OPTIONS),
    expectations: [quiet('MtlsCAExpiring', from), fires('MtlsCAExpiring', at, { ...labels }, notAfter - at)],
  };
}
