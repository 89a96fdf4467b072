import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { checkObject } from '../../../lib/check/schema/index.js';
import { withDefaults } from '../../../lib/render/chart/index.js';
import { type Helm, helms } from '../../_helm.js';
import { byKey, chartFolder, chartOf, type KubernetesObject, keyOf, objectsIn, RELEASE, run, sentinel, template } from './_chart.js';

/** One test for each row of what a first-class chart has; rows that other files test say which. */

const chart = chartOf(sentinel());
const files = chart.files();
const folder = chartFolder(chart);
const HELMS = helms();
const [helm] = HELMS.slice(-1);

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => value as Fields;

const objects = (values: Fields = {}, release = RELEASE): KubernetesObject[] =>
  chart.objects(withDefaults(chart.values, values), release) as KubernetesObject[];

const find = (all: readonly KubernetesObject[], kind: string, name: string): KubernetesObject => {
  const found = all.find(object => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
};

const podOf = (object: KubernetesObject): Fields => fields(fields(fields(object.spec).template).spec);
const containerOf = (object: KubernetesObject): Fields => (podOf(object).containers as Fields[])[0] ?? {};
const deployment = (values: Fields = {}): KubernetesObject => find(objects(values), 'Deployment', 'control-api');
const WORKLOADS = new Set(['Deployment', 'DaemonSet', 'StatefulSet']);
const EVERYTHING = { monitoring: { enabled: true }, environment: 'prod' };

const withHelm = helm === undefined ? test.skip : test;

test('row 1: Chart.yaml says what, who and where', () => {
  const metadata = parse(files.get('Chart.yaml') ?? '') as Fields;
  expect(metadata).toMatchObject({ apiVersion: 'v2', name: 'sentinel-core', version: '1.2.3', appVersion: '4.5.6', type: 'application' });
  for (const field of ['description', 'icon', 'home', 'sources', 'maintainers', 'keywords', 'kubeVersion'])
    expect(metadata[field]).toBeTruthy();
});

withHelm('row 2: kubeVersion lets builds of vendors in and older clusters not', async () => {
  const at = (version: string): Promise<string> => template(helm as Helm, folder, {}, RELEASE, '--kube-version', version);
  await expect(at('v1.34.4-eks-abc')).resolves.toContain('kind: Deployment');
  await expect(at('v1.19.16')).rejects.toThrow('chart requires kubeVersion');
});

test('row 3: every value has a comment', () => {
  const lines = (files.get('values.yaml') ?? '').split('\n');
  for (const [path] of chart.valueSchemas) {
    const key = path.split('.').at(-1);
    const places = lines.flatMap((line, index) => (line.trimStart().startsWith(`${key}:`) ? [index] : []));
    expect(places.some(index => /^\s*# /.test(lines[index - 1] ?? ''))).toBe(true);
  }
  expect(lines.filter(line => line.includes('# -- '))).toHaveLength(chart.valueSchemas.size);
});

test('row 4: the schema is draft-07 and closed but for global (schema.test.ts compares ajv and Helm)', () => {
  expect(chart.schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
  expect(chart.schema.additionalProperties).toBe(false);
  const { global } = chart.schema.properties as Record<string, { additionalProperties: boolean; properties: Record<string, Fields> }>;
  expect(global?.additionalProperties).toBe(true);
  expect(global?.properties.mtls?.additionalProperties).toBe(false);
});

test('row 7: README.md has one row a value', () => {
  const rows = (files.get('README.md') ?? '').split('\n').filter(line => line.startsWith('| `'));
  for (const [path] of chart.valueSchemas) expect(rows.filter(row => row.startsWith(`| \`${path}\` |`))).toHaveLength(1);
});

withHelm('row 8: NOTES.txt says what was installed and warns of risky values', async () => {
  const notes = async (values: Fields): Promise<string> => {
    const file = join(mkdtempSync(join(tmpdir(), 'notes-')), 'values.json');
    writeFileSync(file, JSON.stringify(values));
    const text = await run(HELMS[HELMS.length - 1] as Helm, [
      'install',
      'sentinel',
      folder,
      '-n',
      'somewhere',
      '--dry-run=client',
      '-f',
      file,
    ]);
    return text.slice(text.indexOf('NOTES:'));
  };
  expect(await notes({})).toContain('4 services, mutual TLS strict');
  expect(await notes({})).toContain('kubectl get certificates -n somewhere -l sentinel-mtls.io/fleet=sentinel');
  expect(await notes({})).not.toContain('Network policies are off');
  expect(await notes({ global: { mtls: { enabled: false } } })).toContain('services talk in the clear');
  expect(await notes({ global: { mtls: { mode: 'audit' } } })).toContain('Mode audit is no end state');
  expect(await notes({ networkPolicy: { enabled: false } })).toContain('Network policies are off');
});

test('rows 5, 6, 9, 10, 11, 44: schema.test.ts, equality-helm-*.test.ts and dist.test.ts', () => {
  for (const name of ['schema', 'equality-helm-3', 'equality-helm-4', 'dist'])
    expect(statSync(join(__dirname, `${name}.test.ts`)).isFile()).toBe(true);
});

withHelm('row 12: two renderings are the same bytes, and nothing in the templates is random or of the hour', async () => {
  expect(await template(helm as Helm, folder, EVERYTHING)).toBe(await template(helm as Helm, folder, EVERYTHING));
  expect([...chartOf(sentinel()).files()]).toEqual([...files]);
  const actions = [...files].flatMap(([path, text]) => (path.startsWith('templates/') ? (text.match(/\{\{.*?}}/gs) ?? []) : []));
  expect(actions.length).toBeGreaterThan(500);
  for (const action of actions)
    expect(action).not.toMatch(/\b(?:rand\w+|gen(?:CA|SelfSignedCert|SignedCert|PrivateKey)|now|uuidv4|htpasswd)\b/);
});

test('rows 13, 45, 46, 47: no lookup, no switch by capabilities, no CRDs, no sub-charts, no hooks', () => {
  for (const [path, text] of files) {
    expect(path).not.toMatch(/^(?:crds|charts)\//);
    if (path.startsWith('templates/')) expect(text).not.toMatch(/\blookup\b|\.Capabilities|helm\.sh\/hook|kind: CustomResourceDefinition/);
  }
  expect(parse(files.get('Chart.yaml') ?? '')).not.toHaveProperty('dependencies');
});

test('row 14: any release and namespace', () => {
  const elsewhere = objects(EVERYTHING, { name: 'other', namespace: 'team-a' });
  expect(JSON.stringify(elsewhere)).not.toContain('sentinel-system');
  const certificate = find(elsewhere, 'Certificate', 'control-api-tls');
  expect(certificate.metadata.namespace).toBe('team-a');
  expect(fields(certificate.spec).uris).toEqual(['spiffe://sentinel.internal/ns/team-a/sa/control-api']);
});

test('row 15: nameOverride, fullnameOverride, namespaceOverride', () => {
  const issuers = (values: Fields): string[] =>
    objects(values)
      .filter(({ kind }) => kind === 'ClusterIssuer')
      .map(({ metadata }) => metadata.name);
  expect(issuers({})).toContain('sentinel-ca-issuer');
  expect(issuers({ nameOverride: 'blue' })).toContain('blue-ca-issuer');
  expect(issuers({ nameOverride: 'blue', fullnameOverride: 'green' })).toContain('green-ca-issuer');
  expect(deployment({ namespaceOverride: 'fixed' }).metadata.namespace).toBe('fixed');
});

test('row 16: no name is too long for what it names, and no object is there twice', () => {
  const longest = 'n'.repeat(40);
  const all = objects({ ...EVERYTHING, fullnameOverride: longest });
  expect(byKey(all).size).toBe(all.length);
  for (const { kind, metadata } of all)
    if (!kind.startsWith('CertificateRequestPolicy')) expect(metadata.name.length).toBeLessThanOrEqual(63);
});

test('row 17: standard labels on every object', () => {
  for (const { metadata } of objects(EVERYTHING)) {
    expect(metadata.labels).toMatchObject({
      'app.kubernetes.io/instance': 'release-1',
      'app.kubernetes.io/version': '4.5.6',
      'app.kubernetes.io/part-of': 'sentinel',
      'app.kubernetes.io/managed-by': 'Helm',
      'helm.sh/chart': 'sentinel-core-1.2.3',
    });
    expect(metadata.labels?.['app.kubernetes.io/component']).toMatch(/^(?:service|fleet)$/);
  }
});

test('rows 18, 19, 50: selectors are the same whatever the labels, version, release and mode', () => {
  const selectors = (values: Fields, release = RELEASE): unknown[] =>
    objects(values, release)
      .filter(({ kind }) => WORKLOADS.has(kind) || kind === 'Service')
      .map(({ kind, metadata, spec }) => [
        kind,
        metadata.name,
        fields(spec).selector,
        fields(spec).serviceName,
        fields(spec).volumeClaimTemplates,
      ]);
  const usual = selectors({});
  expect(JSON.stringify(usual)).not.toMatch(/instance|version|chart/);
  for (const mode of ['strict', 'permissive', 'audit', 'disabled']) expect(selectors({ global: { mtls: { mode } } })).toEqual(usual);
  expect(selectors({ global: { mtls: { enabled: false } } })).toEqual(usual);
  expect(selectors({ commonLabels: { app: 'x', tier: 'y' }, controlApi: { podLabels: { tier: 'z' } } })).toEqual(usual);
  expect(selectors({}, { name: 'other', namespace: 'somewhere' })).toEqual(usual);
  const newer = chartOf(sentinel()).identity;
  expect(newer.version).toBe('1.2.3');
});

test('row 20: commonLabels and commonAnnotations on every object and pod', () => {
  const all = objects({ ...EVERYTHING, commonLabels: { year: '2026' }, commonAnnotations: { note: 'x' } });
  for (const { metadata } of all) {
    expect(metadata.labels?.year).toBe('2026');
    expect(metadata.annotations?.note).toBe('x');
  }
  const pods = all.filter(({ kind }) => WORKLOADS.has(kind)).map(({ spec }) => fields(fields(spec).template).metadata);
  expect(pods).toHaveLength(4);
  for (const metadata of pods) expect(metadata).toMatchObject({ labels: { year: '2026' }, annotations: { note: 'x' } });
});

test('row 21: podLabels and podAnnotations', () => {
  const template = fields(fields(deployment({ controlApi: { podLabels: { a: 'b' }, podAnnotations: { c: 'd' } } }).spec).template);
  expect(template.metadata).toMatchObject({ labels: { a: 'b' }, annotations: { c: 'd' } });
});

test('row 22: registry, repository, tag and digest; the digest wins, and the registry of all images', () => {
  const image = (values: Fields): unknown => containerOf(deployment(values)).image;
  expect(image({})).toBe('ghcr.io/sentinel/control-api:0.4.0');
  expect(image({ global: { imageRegistry: 'mirror.example' } })).toBe('mirror.example/sentinel/control-api:0.4.0');
  const digest = `sha256:${'a'.repeat(64)}`;
  expect(image({ controlApi: { image: { tag: '1', digest } } })).toBe(`ghcr.io/sentinel/control-api@${digest}`);
  expect(containerOf(deployment({ controlApi: { image: { pullPolicy: 'Always' } } })).imagePullPolicy).toBe('Always');
});

test('row 23: global.imagePullSecrets on every pod', () => {
  const all = objects({ global: { imagePullSecrets: [{ name: 'registry' }] } }).filter(({ kind }) => WORKLOADS.has(kind));
  for (const workload of all) expect(podOf(workload).imagePullSecrets).toEqual([{ name: 'registry' }]);
});

test('row 24: replicas, or an autoscaler and no replicas', () => {
  expect(fields(deployment({ controlApi: { replicaCount: 0 } }).spec).replicas).toBe(0);
  const scaled = { controlApi: { autoscaling: { enabled: true, maxReplicas: 9 } } };
  expect(fields(deployment(scaled).spec)).not.toHaveProperty('replicas');
  const autoscaler = find(objects(scaled), 'HorizontalPodAutoscaler', 'control-api');
  expect(autoscaler).toMatchObject({
    apiVersion: 'autoscaling/v2',
    spec: { maxReplicas: 9, scaleTargetRef: { kind: 'Deployment', name: 'control-api' } },
  });
});

test('row 25: every container asks for something', () => {
  for (const workload of objects().filter(({ kind }) => WORKLOADS.has(kind)))
    expect(fields(containerOf(workload).resources).requests).toMatchObject({ cpu: expect.any(String), memory: expect.any(String) });
});

test('rows 26, 27: pods pass Pod Security "restricted", and mount no token', () => {
  for (const workload of objects(EVERYTHING).filter(({ kind }) => WORKLOADS.has(kind))) {
    expect(podOf(workload)).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(containerOf(workload).securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    });
  }
  const accounts = objects()
    .filter(({ kind }) => kind === 'ServiceAccount')
    .map(({ metadata }) => metadata.name);
  expect(accounts).toEqual(['control-api', 'infra-adapter', 'node-agent', 'pipeline-controller']);
});

test.each([
  ['row 28: hostUsers', 'hostUsers', false],
  ['row 28: runtimeClassName', 'runtimeClassName', 'gvisor'],
  ['row 28: schedulerName', 'schedulerName', 'other'],
  [
    'row 30: topologySpreadConstraints',
    'topologySpreadConstraints',
    [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
  ],
  ['row 30: affinity', 'affinity', { nodeAffinity: { a: 'b' } }],
  ['row 30: nodeSelector', 'nodeSelector', { disk: 'ssd' }],
  ['row 30: tolerations', 'tolerations', [{ operator: 'Exists' }]],
  ['row 31: priorityClassName', 'priorityClassName', 'high'],
  ['row 31: terminationGracePeriodSeconds', 'terminationGracePeriodSeconds', 0],
  ['row 35: initContainers', 'initContainers', [{ name: 'init', image: 'x' }]],
  ['row 37: dnsPolicy', 'dnsPolicy', 'None'],
  ['row 37: dnsConfig', 'dnsConfig', { nameservers: ['10.0.0.10'] }],
  ['row 37: hostAliases', 'hostAliases', [{ ip: '10.0.0.1', hostnames: ['a'] }]],
])('%s of the pod', (_, field, value) => {
  expect(podOf(deployment())).not.toHaveProperty(field);
  expect(podOf(deployment({ controlApi: { [field]: value } }))[field]).toEqual(value);
});

test('row 29: a disruption budget with one of two limits', () => {
  const budget = (values: Fields): unknown =>
    find(objects({ controlApi: { podDisruptionBudget: { enabled: true, ...values } } }), 'PodDisruptionBudget', 'control-api').spec;
  expect(objects().some(({ kind }) => kind === 'PodDisruptionBudget')).toBe(false);
  expect(budget({})).toMatchObject({ maxUnavailable: 1 });
  expect(budget({ minAvailable: '50%', unhealthyPodEvictionPolicy: 'AlwaysAllow' })).toMatchObject({
    minAvailable: '50%',
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  });
  expect(budget({ minAvailable: 0 })).not.toHaveProperty('maxUnavailable');
});

test.each([
  ['row 32: strategy', 'strategy', { type: 'Recreate' }],
  ['row 32: revisionHistoryLimit', 'revisionHistoryLimit', 0],
  ['row 32: minReadySeconds', 'minReadySeconds', 5],
])('%s of the workload', (_, field, value) => {
  expect(fields(deployment({ controlApi: { [field]: value } }).spec)[field]).toEqual(value);
});

test.each([
  ['row 31: lifecycle', 'lifecycle', { preStop: { sleep: { seconds: 5 } } }],
  ['row 33: startupProbe', 'startupProbe', { exec: { command: ['true'] } }],
  ['row 34: command', 'command', ['/app']],
  ['row 34: args', 'args', ['--x']],
  ['row 34: envFrom', 'envFrom', [{ secretRef: { name: 'x' } }]],
])('%s of the container', (_, field, value) => {
  expect(containerOf(deployment({ controlApi: { [field]: value } }))[field]).toEqual(value);
});

test('row 33: probes go to the plain health port, in every mode', () => {
  for (const mode of ['strict', 'permissive', 'audit', 'disabled'])
    for (const probe of ['livenessProbe', 'readinessProbe'])
      expect(containerOf(deployment({ global: { mtls: { mode } } }))[probe]).toMatchObject({ httpGet: { port: 8080, scheme: 'HTTP' } });
  expect(containerOf(deployment({ controlApi: { livenessProbe: { httpGet: { path: '/live' } } } })).livenessProbe).toMatchObject({
    httpGet: { path: '/live', port: 8080 },
  });
});

test('row 34: env wins by name over the variables of the chart, extraEnv over env', () => {
  const names = (values: Fields): unknown[] =>
    (containerOf(deployment(values)).env as Fields[]).map(({ name, value }) => `${name}=${value}`);
  expect(names({})).toContain('MTLS_ENABLED=true');
  const both = names({
    controlApi: {
      env: [
        { name: 'MTLS_ENABLED', value: 'x' },
        { name: 'A', value: '1' },
      ],
      extraEnv: [{ name: 'A', value: '2' }],
    },
  });
  expect(both.filter(variable => String(variable).startsWith('MTLS_ENABLED='))).toEqual(['MTLS_ENABLED=x']);
  expect(both.filter(variable => String(variable).startsWith('A='))).toEqual(['A=2']);
});

test('row 35: extraVolumes, extraVolumeMounts and extraContainers stand beside those of the chart', () => {
  const values = {
    controlApi: {
      extraVolumes: [{ name: 'tmp', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      extraContainers: [{ name: 'side', image: 'x' }],
    },
  };
  expect((podOf(deployment(values)).volumes as Fields[]).map(({ name }) => name)).toEqual(['mtls', 'tmp']);
  expect((containerOf(deployment(values)).volumeMounts as Fields[]).map(({ name }) => name)).toEqual(['mtls', 'tmp']);
  expect((podOf(deployment(values)).containers as Fields[]).map(({ name }) => name)).toEqual(['control-api', 'side']);
});

withHelm('row 36: extraObjects, as maps and texts, through tpl', async () => {
  const extra = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-extra' } };
  const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: text-{{ .Values.environment }}\n';
  const names = objectsIn(await template(helm as Helm, folder, { extraObjects: [extra, text] })).map(({ metadata }) => metadata.name);
  expect(names).toEqual(expect.arrayContaining(['release-1-extra', 'text-dev']));
});

test('row 37: pods get no variables of every Service', () => {
  expect(podOf(deployment()).enableServiceLinks).toBe(false);
});

test('row 38: type, families and annotations of the Service', () => {
  const values = {
    controlApi: { service: { type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'], annotations: { a: 'b' } } },
  };
  const service = find(objects(values), 'Service', 'control-api');
  expect(service.spec).toMatchObject({ type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] });
  expect(service.metadata.annotations).toEqual({ a: 'b' });
});

test('row 40: network policies can be off, all or one, and take further rules', () => {
  const policies = (values: Fields): string[] =>
    objects(values)
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .map(({ metadata }) => metadata.name);
  expect(policies({})).toContain('sentinel-default-deny');
  expect(policies({ networkPolicy: { enabled: false } })).toEqual([]);
  expect(policies({ controlApi: { networkPolicy: { enabled: false } } })).not.toContain('control-api-mtls-only');
  const rule = { from: [{ podSelector: {} }] };
  const policy = find(objects({ controlApi: { networkPolicy: { extraIngress: [rule] } } }), 'NetworkPolicy', 'control-api-mtls-only');
  expect((fields(policy.spec).ingress as unknown[]).at(-1)).toEqual(rule);
});

test('row 41: certificates with canonical durations, least revisions and a new key each time', () => {
  const certificate = find(
    objects({ global: { mtls: { certificateDuration: '1000h', certificateRenewBefore: '90m' } } }),
    'Certificate',
    'control-api-tls',
  );
  expect(certificate.spec).toMatchObject({
    duration: '1000h0m0s',
    renewBefore: '1h30m0s',
    revisionHistoryLimit: 1,
    usages: ['server auth', 'client auth', 'digital signature', 'key encipherment'],
    privateKey: { rotationPolicy: 'Always', algorithm: 'RSA', size: 2048 },
  });
});

test('row 42: an issuer of your own', () => {
  const all = objects({
    global: { mtls: { issuer: 'company' } },
    issuer: { create: false, kind: 'VaultIssuer', group: 'company.example' },
  });
  expect(all.some(({ kind }) => kind === 'ClusterIssuer')).toBe(false);
  expect(fields(find(all, 'Certificate', 'control-api-tls').spec).issuerRef).toEqual({
    name: 'company',
    kind: 'VaultIssuer',
    group: 'company.example',
  });
});

test('row 43: roots come from the bundle, never from a leaf, and nothing is mounted by subPath', () => {
  const [volume] = podOf(deployment()).volumes as { projected: { sources: Fields[] } }[];
  expect(volume?.projected.sources[1]).toMatchObject({
    configMap: { name: 'sentinel-ca-bundle', items: [{ key: 'ca.crt', path: 'ca.crt' }] },
  });
  expect(JSON.stringify(objects(EVERYTHING))).not.toContain('subPath');
  expect(objects({ trust: { create: false } }).some(({ kind }) => kind === 'Bundle')).toBe(false);
});

test('row 49: objects of the Prometheus Operator and the dashboard are off by default', () => {
  const kinds = (values: Fields): Set<string> => new Set(objects(values).map(({ kind }) => kind));
  for (const kind of ['PrometheusRule', 'ServiceMonitor']) {
    expect(kinds({}).has(kind)).toBe(false);
    expect(kinds({ monitoring: { enabled: true } }).has(kind)).toBe(true);
  }
  expect(kinds({ monitoring: { enabled: true, rules: { enabled: false } } }).has('PrometheusRule')).toBe(false);
});

withHelm('row 52: a parent chart switches it, and passes global values', async () => {
  const parent = join(mkdtempSync(join(tmpdir(), 'umbrella-')), 'parent');
  mkdirSync(join(parent, 'charts'), { recursive: true });
  const dependency = { name: 'sentinel-core', version: '1.2.3', condition: 'sentinel-core.enabled', repository: '' };
  writeFileSync(
    join(parent, 'Chart.yaml'),
    JSON.stringify({ apiVersion: 'v2', name: 'parent', version: '1.0.0', dependencies: [dependency] }),
  );
  const copy = spawnSync('cp', ['-r', folder, join(parent, 'charts', 'sentinel-core')]);
  expect(copy.status).toBe(0);
  const kinds = async (values: Fields): Promise<string[]> => objectsIn(await template(helm as Helm, parent, values)).map(keyOf);
  expect(await kinds({ 'sentinel-core': { enabled: false } })).toEqual([]);
  expect(await kinds({ 'sentinel-core': { enabled: true } })).toHaveLength(objects().length);
  const plain = await kinds({ 'sentinel-core': { enabled: true }, global: { mtls: { enabled: false }, cattle: { x: 1 } } });
  expect(plain.some(key => key.includes('Certificate'))).toBe(false);
  for (const text of files.values()) for (const [, name] of text.matchAll(/define "([^"]+)"/g)) expect(name).toMatch(/^sentinel-core\./);
});

test('row 57: every object fits its schema, in every environment and mode', () => {
  for (const environment of ['dev', 'staging', 'prod'])
    for (const mode of ['strict', 'permissive', 'audit', 'disabled'])
      for (const object of objects({ environment, monitoring: { enabled: true }, global: { mtls: { mode } } }))
        expect(checkObject(object)).toEqual([]);
});

withHelm('row 58: the package is small, and leaves out what only developers read', async () => {
  const target = mkdtempSync(join(tmpdir(), 'package-'));
  await run(helm as Helm, ['package', folder, '-d', target]);
  const archive = join(target, 'sentinel-core-1.2.3.tgz');
  // a release is kept in a Secret, which holds 1 MiB
  expect(readFileSync(archive).length).toBeLessThan(100_000);
  const { stdout } = spawnSync('tar', ['tzf', archive], { encoding: 'utf8' });
  expect(stdout).toContain('sentinel-core/templates/services/control-api.yaml');
  expect(stdout).not.toMatch(/values\.d\.ts|\/ci\//);
});

test('a switch that is off renders the same services without TLS, certificate or mount', () => {
  const all = objects({ global: { mtls: { enabled: false } } });
  expect(all.map(({ kind }) => kind).filter(kind => /Certificate|Issuer|Bundle/.test(kind))).toEqual([]);
  expect(all.some(({ metadata }) => metadata.name.endsWith('-mtls-policy'))).toBe(false);
  const plain = find(all, 'Deployment', 'control-api');
  expect(podOf(plain)).not.toHaveProperty('volumes');
  expect(containerOf(plain).env).toContainEqual({ name: 'MTLS_ENABLED', value: 'false' });
  expect(find(all, 'Service', 'control-api').spec).toEqual(find(objects(), 'Service', 'control-api').spec);
});

test('mode permissive serves both ports, in Service, pod, policy and network', () => {
  const all = objects({ global: { mtls: { mode: 'permissive' } } });
  expect((fields(find(all, 'Service', 'control-api').spec).ports as Fields[]).map(({ port }) => port)).toEqual([8000, 9090, 18000]);
  const policy = JSON.parse((find(all, 'ConfigMap', 'control-api-mtls-policy').data as Record<string, string>)['policy.json'] ?? '') as {
    server: unknown[];
  };
  expect(policy.server).toMatchObject([{ port: 8000, plainPort: 18000, mode: 'permissive' }]);
});

test("the guide's values carry its mounts, probes and variables", () => {
  const container = containerOf(
    deployment({ global: { mtls: { enabled: true, issuer: 'sentinel-ca-issuer', certPath: '/etc/sentinel/certs' } } }),
  );
  expect(container.volumeMounts).toEqual([{ name: 'mtls', mountPath: '/etc/sentinel/certs', readOnly: true }]);
  expect(container.env).toEqual(
    expect.arrayContaining([
      { name: 'MTLS_ENABLED', value: 'true' },
      { name: 'MTLS_CERT_PATH', value: '/etc/sentinel/certs/tls.crt' },
      { name: 'MTLS_KEY_PATH', value: '/etc/sentinel/certs/tls.key' },
      { name: 'MTLS_CA_CERT_PATH', value: '/etc/sentinel/certs/ca.crt' },
    ]),
  );
  expect(container.livenessProbe).toMatchObject({ httpGet: { port: 8080 } });
});
