import Ajv from 'ajv';
import { FleetChart, withDefaults } from '../../../lib/render/chart/index.js';
import { helms } from '../../_helm.js';
import { chartFolder, chartOf, EXAMPLES, example, RELEASE, run, sentinel, template } from './_chart.js';
import { put } from './_values.js';

const chart = chartOf(sentinel());
const folder = chartFolder(chart);
// what Helm does not know it ignores, so does ajv
const validate = new Ajv({ strict: false, allErrors: true }).compile(chart.schema);

const at = (path: string, value: unknown): Record<string, unknown> => {
  const values: Record<string, unknown> = {};
  put(values, path.split('.'), value);
  return values;
};

/** Values that must be refused, and the name that the message must say. */
const BAD: readonly (readonly [name: string, path: string, value: unknown])[] = [
  ['a text for a switch', 'global.mtls.enabled', 'false'],
  ['a number for a switch', 'controlApi.enabled', 1],
  ['an unknown mode', 'global.mtls.mode', 'lenient'],
  ['an unknown environment', 'environment', 'production'],
  ['a misspelt value', 'controlApi.replicaCuont', 2],
  ['a misspelt block', 'controlApy', { enabled: true }],
  ['a misspelt value of mtls', 'global.mtls.enable', true],
  ['a block that is null', 'controlApi', null],
  ['a switch that is null', 'global.mtls.enabled', null],
  ['a negative duration', 'global.mtls.certificateDuration', '-2160h'],
  ['a duration in days', 'controlApi.certificate.duration', '90d'],
  ['a duration that is a number', 'global.mtls.certificateRenewBefore', 360],
  ['an empty duration', 'global.mtls.certificateDuration', ''],
  ['negative replicas', 'controlApi.replicaCount', -1],
  ['replicas as text', 'controlApi.replicaCount', '3'],
  ['half a replica', 'controlApi.replicaCount', 1.5],
  ['a tag that is a number', 'controlApi.image.tag', 1],
  ['a digest that is none', 'controlApi.image.digest', 'sha256:123'],
  ['an image with a space', 'controlApi.image.repository', 'a b'],
  ['a relative path', 'global.mtls.certPath', 'etc/certs'],
  ['a path that ends a quoted text', 'global.mtls.certPath', '/etc/"x'],
  ['a template action as a path', 'global.mtls.certPath', '/{{ .Values }}'],
  ['a namespace with a dot', 'namespaceOverride', 'a.b'],
  ['a name that is too long', 'fullnameOverride', 'a'.repeat(50)],
  ['a label that is a number', 'commonLabels', { year: 2026 }],
  ['tolerations as a map', 'controlApi.tolerations', {}],
  ['a variable without a name', 'controlApi.env', [{ value: 'x' }]],
  ['a trust domain with capitals', 'trust.domain', 'Example.org'],
  ['a pull policy that Kubernetes does not know', 'controlApi.image.pullPolicy', 'Sometimes'],
  ['an autoscaler without bounds', 'controlApi.autoscaling.minReplicas', 0],
];

const GOOD: readonly (readonly [name: string, path: string, value: unknown])[] = [
  ['a value of a parent chart in global', 'global.cattle', { systemProjectId: 'x' }],
  ['the switch of a parent chart', 'enabled', true],
  ['a duration that is not canonical', 'global.mtls.certificateDuration', '1000h'],
  ['no replicas', 'controlApi.replicaCount', 0],
  ['an empty value where the environment decides', 'controlApi.replicaCount', null],
  ["the guide's variable", 'controlApi.env', [{ name: 'MTLS_ENABLED', value: 'true' }]],
];

const HELMS = helms();

test('ajv takes the defaults and every good value', () => {
  expect(validate(chart.values)).toBe(true);
  for (const [name, path, value] of GOOD) expect([name, validate(withDefaults(chart.values, at(path, value)))]).toEqual([name, true]);
});

test.each(BAD)('ajv refuses %s', (_, path, value) => {
  expect(validate(withDefaults(chart.values, at(path, value)))).toBe(false);
});

(HELMS.length === 0 ? describe.skip : describe).each(HELMS)('Helm $major', helm => {
  test.each(GOOD)('takes %s', async (_, path, value) => {
    await expect(template(helm, folder, at(path, value))).resolves.toContain('kind: Deployment');
  });

  test.each(BAD)('refuses %s, and names the value', async (_, path, value) => {
    const [name = ''] = path.split('.').slice(-1);
    await expect(template(helm, folder, at(path, value))).rejects.toThrow(name);
  });

  test('refuses --set-string global.mtls.enabled=false, which a template would take for true', async () => {
    await expect(run(helm, ['template', 'sentinel', folder, '--set-string', 'global.mtls.enabled=false'])).rejects.toThrow(
      /mtls\/enabled.*got string, want boolean/s,
    );
  });

  test('refuses --set controlApi=null', async () => {
    await expect(run(helm, ['template', 'sentinel', folder, '--set', 'controlApi=null'])).rejects.toThrow(/missing property 'controlApi'/);
  });

  test.each(['Sentinel', ...EXAMPLES])('lints the chart of %s without a word, strictly', async name => {
    const own = name === 'Sentinel' ? folder : chartFolder(chartOf(example(name), name));
    await expect(run(helm, ['lint', '--strict', own])).resolves.toContain('1 chart(s) linted, 0 chart(s) failed');
    for (const values of [
      ...new FleetChart(name === 'Sentinel' ? sentinel() : example(name), { name: 'x', version: '1.0.0', appVersion: '1' }).files().keys(),
    ].filter(path => path.startsWith('ci/')))
      await expect(run(helm, ['lint', '--strict', own, '-f', `${own}/${values}`])).resolves.toContain('0 chart(s) failed');
  });
});

describe('values that contradict each other end in a message of the chart', () => {
  const CONTRADICTIONS: readonly (readonly [name: string, values: Record<string, unknown>, message: string])[] = [
    ['no issuer', { issuer: { create: false } }, 'name your issuer in global.mtls.issuer'],
    ['a lifetime below an hour', at('global.mtls.certificateDuration', '59m'), 'global.mtls.certificateDuration is less than 1h'],
    ['one of a service', at('controlApi.certificate.duration', '59m'), 'controlApi.certificate.duration is less than 1h'],
    [
      'a renewal after the end',
      at('global.mtls.certificateDuration', '360h'),
      'global.mtls.certificateRenewBefore must be at least 5m and less than the duration',
    ],
    [
      'one of a service',
      at('controlApi.certificate.renewBefore', '9000h'),
      'controlApi.certificate.renewBefore must be at least 5m and less than the duration',
    ],
    [
      'another kind of issuer under issuance policies',
      { environment: 'prod', issuer: { kind: 'Issuer' } },
      "issuer.kind can't be changed with issuance.enabled",
    ],
  ];

  test.each(CONTRADICTIONS)('%s', async (_, values, message) => {
    expect(() => chart.objects(withDefaults(chart.values, values), RELEASE)).toThrow(message);
    for (const helm of HELMS) await expect(template(helm, folder, values)).rejects.toThrow(message);
  });
});
