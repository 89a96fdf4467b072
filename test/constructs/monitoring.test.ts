import { parse } from 'yaml';
import type { Plan } from '../../lib/fleet/index';
import { GUIDE, manyServices, planOf, type Written, write } from './promtool-plans';

interface RuleObject {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly RuleObject[] }[];
}

const RENEWAL = ['MtlsCertificateRenewalOverdue', 'CertificateRenewalFailed', 'CertificateExpiringSoon', 'MtlsCertificateRenewalStuck'];
const CERTIFICATES = [
  ...RENEWAL,
  'MtlsCertificateExpired',
  'MtlsCertificateUnmanagedExpiry',
  'MtlsCertificateNotReady',
  'MtlsCertificateNeverIssued',
  'MtlsCertificateMissing',
  'MtlsCertificateNotYetValid',
];
const AUTHORITIES = ['MtlsLeafOutlivesCA', 'MtlsLeafOlderThanCA', 'MtlsCAExpiring'];
const CONTROL_PLANE = [
  'MtlsCertManagerMetricsAbsent',
  'MtlsCertManagerNotReconciling',
  'MtlsCertManagerClockSkew',
  'MtlsCertManagerSyncErrors',
  'MtlsIssuerNotReady',
];

const RUNTIMES = ['MtlsServedIsNotIssued', 'MtlsReloadRefused', 'MtlsCallerDenied', 'MtlsAuditWouldDeny', 'MtlsTrustSetBehind'];

const rulesOf = (written: Written): RuleObject[] => {
  const file: RuleFile = parse(written.files['monitoring/rules.yaml'] ?? '');
  return file.groups.flatMap(group => group.rules);
};
const alertsOf = (written: Written): string[] => rulesOf(written).flatMap(rule => rule.alert ?? []);
const alert = (written: Written, name: string): RuleObject | undefined => rulesOf(written).find(rule => rule.alert === name);
const ofKind = (written: Written, kind: string) => written.manifests.map(manifest => manifest.body).filter(body => body.kind === kind);
const inventoryOf = (written: Written) => rulesOf(written).filter(rule => rule.record === 'sentinel:certificate_info');

test('a fleet with its own root has all alerts on certificates, authorities and cert-manager', () => {
  expect(alertsOf(write(planOf('dev')))).toEqual([...CERTIFICATES, ...AUTHORITIES, ...CONTROL_PLANE, ...RUNTIMES]);
});

test('a fleet whose CA lives in Vault has no alert on a CA that Prometheus can not see', () => {
  const written = write(planOf('prod'));
  expect(alertsOf(written)).toEqual([...CERTIFICATES, ...CONTROL_PLANE, ...RUNTIMES]);
  expect(written.files['monitoring/rules.yaml']).not.toContain('role="ca"');
});

test('a fleet in which nobody can be scraped has no alert on what its processes say', () => {
  expect(alertsOf(write(planOf('dev', manyServices(3))))).toEqual([...CERTIFICATES, ...AUTHORITIES, ...CONTROL_PLANE]);
});

test('only a fleet with public certificates asks about the rate limits of its ACME server', () => {
  const written = write(planOf('public'));
  expect(alertsOf(written)).toContain('MtlsAcmeRateLimited');
  expect(alert(written, 'MtlsAcmeRateLimited')?.expr).toContain('host="acme-v02.api.letsencrypt.org"');
});

test('a fleet that is signed by an issuer of another group has no alert on an issuer without metrics', () => {
  const plan = planOf('prod');
  const authority: Plan['authority'] = {
    kind: 'external',
    issuerNamespace: undefined,
    issuerRef: { group: 'awspca.cert-manager.io', kind: 'AWSPCAClusterIssuer', name: 'corporate' },
  };
  expect(alertsOf(write({ ...plan, authority }))).toEqual([
    ...CERTIFICATES,
    ...CONTROL_PLANE.filter(name => name !== 'MtlsIssuerNotReady'),
    ...RUNTIMES,
  ]);
});

test('the inventory names each certificate with its team and the issuer that signs it', () => {
  const labels = inventoryOf(write(planOf('staging'))).map(rule => rule.labels);
  expect(labels).toHaveLength(6);
  expect(labels).toContainEqual({
    fleet: 'sentinel',
    namespace: 'sentinel-system',
    name: 'pipeline-controller-tls',
    service: 'pipeline-controller',
    team: 'pipelines',
    role: 'leaf',
    ca: 'sentinel-ca-issuer',
  });
});

test('with an intermediate, it is the CA of the leaves, and the root is not', () => {
  const plan = planOf('staging');
  if (plan.authority.kind !== 'selfSigned' || !plan.authority.intermediate) throw new Error('staging has an intermediate');
  const { root, intermediate, issuerRef } = plan.authority;
  const authorities = inventoryOf(write(plan)).flatMap(rule => (rule.labels?.role === 'ca' ? [rule.labels] : []));
  expect(authorities.map(({ name, ca }) => [name, ca])).toEqual([
    [root.name, intermediate.issuerRef.name],
    [intermediate.name, issuerRef.name],
  ]);
});

test('the reserve of a CA is the longest life that it signs, and never more than its own renewBefore', () => {
  const reserves = (plan: Plan) => rulesOf(write(plan)).filter(rule => rule.record === 'sentinel:certificate_authority_reserve:seconds');
  expect(reserves(planOf('dev')).map(rule => rule.expr)).toEqual(['vector(7776000)']);
  const dev = planOf('dev');
  if (dev.authority.kind !== 'selfSigned') throw new Error('dev is self-signed');
  const early: Plan = { ...dev, authority: { ...dev.authority, root: { ...dev.authority.root, renewBeforeSeconds: 3600 } } };
  expect(reserves(early).map(rule => rule.expr)).toEqual(['vector(3600)']);
});

test('every alert has a severity, a runbook and words; its team comes from the inventory or, where that is impossible, from the plan', () => {
  for (const rule of rulesOf(write(planOf('public'))).filter(({ alert: name }) => name !== undefined)) {
    expect(['critical', 'warning']).toContain(rule.labels?.severity);
    expect(rule.annotations).toEqual({
      summary: expect.stringMatching(/\S/),
      description: expect.stringMatching(/\.$/),
      runbook_url: `https://example.com/runbooks/${rule.alert}.md`,
    });
    const fromInventory = [...CERTIFICATES, ...AUTHORITIES, ...RUNTIMES.filter(name => name !== 'MtlsTrustSetBehind')].includes(
      rule.alert ?? '',
    );
    expect([rule.alert, rule.labels?.team]).toEqual([rule.alert, fromInventory ? undefined : 'platform']);
  }
});

test('how long a late renewal must last follows the shortest window of the fleet', () => {
  expect(alert(write(planOf('dev')), 'CertificateExpiringSoon')?.for).toBe('5m');
  expect(alert(write(planOf('short')), 'CertificateExpiringSoon')?.for).toBe('1m');
});

test('the PrometheusRule has the rules of the file, in the first namespace, with the labels that Prometheus selects', () => {
  const written = write(planOf('dev'));
  const [rule, ...more] = ofKind(written, 'PrometheusRule');
  expect(more).toEqual([]);
  expect(rule?.metadata).toMatchObject({
    name: 'sentinel-mtls',
    namespace: 'sentinel-system',
    labels: { release: 'kube-prometheus-stack' },
  });
  expect(rule?.spec).toEqual(parse(written.files['monitoring/rules.yaml'] ?? ''));
});

test('our own workloads are scraped through their Service, others through their pods', () => {
  const written = write(planOf('dev'));
  expect(ofKind(written, 'ServiceMonitor').map(body => [body.metadata.name, body.spec])).toEqual([
    [
      'control-api-metrics',
      {
        jobLabel: 'app.kubernetes.io/name',
        selector: { matchLabels: { 'app.kubernetes.io/name': 'control-api', 'sentinel-mtls.io/fleet': 'sentinel' } },
        endpoints: [{ port: 'metrics', scheme: 'http', path: '/metrics' }],
      },
    ],
  ]);
  expect(ofKind(written, 'PodMonitor').map(body => body.spec)).toEqual([
    {
      selector: { matchLabels: { app: 'node-agent' } },
      podMetricsEndpoints: [
        { portNumber: 9101, scheme: 'http', path: '/stats', relabelings: [{ targetLabel: 'service', replacement: 'node-agent' }] },
      ],
    },
  ]);
});

test('nothing is written when monitoring is off', () => {
  const written = write(planOf('dev', { ...GUIDE, monitoring: { enabled: false } }));
  expect([written.manifests, written.files]).toEqual([[], {}]);
});

test('the same plan gives the same bytes', () => {
  const bytes = (): string => {
    const { manifests, files } = write(planOf('staging'));
    return JSON.stringify([manifests.map(manifest => manifest.body), files]);
  };
  expect(bytes()).toBe(bytes());
});

test('an inventory of more than 3,000 certificates gets objects of its own, none above 1 MiB', () => {
  const written = write(planOf('dev', manyServices(7_000)));
  const rules = ofKind(written, 'PrometheusRule');
  expect(rules.map(body => body.metadata.name)).toEqual([
    'sentinel-mtls',
    'sentinel-mtls-inventory-1',
    'sentinel-mtls-inventory-2',
    'sentinel-mtls-inventory-3',
  ]);
  for (const body of rules) expect(JSON.stringify(body).length).toBeLessThan(1024 * 1024);
  expect(written.files['monitoring/rules.yaml']?.match(/record: sentinel:certificate_info/g)).toHaveLength(7_001);
});
