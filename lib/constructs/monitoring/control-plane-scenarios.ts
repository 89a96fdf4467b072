import type { Plan } from '../../fleet/plan.js';
import type { Inventory, IssuerPlace } from './inventory.js';
import { constant, fires, quiet, type Scenario, type Series } from './rule-scenario.js';
import type { TestClock } from './test-clock.js';

const MINUTE = 60;
const HOUR = 3_600;

/** Scenarios of cert-manager itself, of the fleet's issuers and of the ACME server. */
export function controlPlaneScenarios(plan: Plan, all: Inventory, clock: TestClock): Scenario[] {
  const step = clock.stepSeconds;
  const at = Math.ceil(HOUR / step) * step + step;
  const [issuer] = all.issuers;
  const scenarios = [
    nothingScraped(at),
    noCertificates(at),
    skewed(at),
    failingController(at),
    ...(issuer ? [issuerDown(plan, issuer, at, step)] : []),
    ...(plan.publicAuthority && all.publics.length > 0 ? [rateLimited(new URL(plan.publicAuthority.server).host, step)] : []),
  ];
  return scenarios.map(scenario => ({ ...scenario, sampleSeconds: clock.sampleSeconds }));
}

const clockSeries = (offset: number, seconds: number): Series => ({
  metric: 'certmanager_clock_time_seconds_gauge',
  labels: { namespace: 'cert-manager', pod: 'a' },
  samples: [{ value: offset, perSecond: 1, seconds: seconds + HOUR }],
});

function nothingScraped(at: number): Scenario {
  return {
    name: 'nothing is scraped',
    series: [{ metric: 'up', labels: { job: 'cert-manager' }, samples: constant(0, at) }],
    expectations: [
      quiet('MtlsCertManagerMetricsAbsent', 10 * MINUTE),
      fires('MtlsCertManagerMetricsAbsent', at, {}),
      quiet('MtlsCertificateMissing', at),
      quiet('MtlsCertManagerNotReconciling', at),
    ],
  };
}

function noCertificates(at: number): Scenario {
  return {
    name: 'cert-manager tells the time and no certificate',
    series: [clockSeries(0, at)],
    expectations: [
      quiet('MtlsCertManagerNotReconciling', 10 * MINUTE),
      fires('MtlsCertManagerNotReconciling', at, {}),
      quiet('MtlsCertManagerMetricsAbsent', at),
      quiet('MtlsCertManagerClockSkew', at),
      quiet('MtlsCertificateMissing', at),
    ],
  };
}

function skewed(at: number): Scenario {
  return {
    name: 'the clock of cert-manager is two minutes ahead',
    series: [
      clockSeries(120, at),
      {
        metric: 'certmanager_certificate_ready_status',
        labels: { namespace: 'elsewhere', name: 'other', condition: 'True' },
        samples: constant(1, at),
      },
    ],
    expectations: [
      fires('MtlsCertManagerClockSkew', at, { namespace: 'cert-manager', pod: 'a' }),
      quiet('MtlsCertManagerClockSkew', 0),
      quiet('MtlsCertManagerNotReconciling', at),
    ],
  };
}

function failingController(at: number): Scenario {
  const counter = (name: string, controller: string, perSecond: number): Series => ({
    metric: `certmanager_controller_${name}_count`,
    labels: { controller, namespace: 'cert-manager', pod: 'a' },
    samples: [{ value: 0, perSecond, seconds: at + HOUR }],
  });
  return {
    name: 'one controller fails every other time, another one seldom',
    series: [
      counter('sync_error', 'certificates-issuing', 1),
      counter('sync_call', 'certificates-issuing', 2),
      counter('sync_error', 'issuers', 1),
      counter('sync_call', 'issuers', 100),
    ],
    expectations: [quiet('MtlsCertManagerSyncErrors', 0), fires('MtlsCertManagerSyncErrors', at, { controller: 'certificates-issuing' })],
  };
}

function issuerDown(plan: Plan, issuer: IssuerPlace, at: number, step: number): Scenario {
  const clusterWide = issuer.namespace === undefined;
  const series = (name: string, ready: number, until: number): Series => ({
    metric: clusterWide ? 'certmanager_clusterissuer_ready_status' : 'certmanager_issuer_ready_status',
    labels: {
      name,
      condition: 'True',
      namespace: 'cert-manager',
      ...(issuer.namespace !== undefined && { exported_namespace: issuer.namespace }),
    },
    samples: [...constant(ready, until), ...constant(1, at)],
  });
  const labels = {
    name: issuer.name,
    kind: issuer.kind,
    fleet: plan.fleet,
    ...(issuer.namespace !== undefined && { namespace: issuer.namespace }),
  };
  return {
    name: 'an issuer of the fleet is not ready, nor is one that is none of ours',
    series: [series(issuer.name, 0, at + step), series('somebody-elses-issuer', 0, at + step)],
    expectations: [
      quiet('MtlsIssuerNotReady', 5 * MINUTE),
      fires('MtlsIssuerNotReady', at, labels),
      quiet('MtlsIssuerNotReady', at + 2 * step),
    ],
  };
}

/** cert-manager waits an hour after a refusal, so there is one sample of 1 and no increase. */
function rateLimited(host: string, step: number): Scenario {
  const from = 12 * step;
  return {
    name: 'the ACME server answers 429 once',
    series: [
      {
        metric: 'certmanager_http_acme_client_request_count',
        labels: { host, status: '429', action: 'new_order' },
        samples: [{ value: undefined, seconds: from }, ...constant(1, 2 * step)],
      },
    ],
    expectations: [quiet('MtlsAcmeRateLimited', from - step), fires('MtlsAcmeRateLimited', from, { host })],
  };
}
