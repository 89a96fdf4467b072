import { Trust } from '../../lib/constructs/trust';
import type { Plan } from '../../lib/fleet/plan';
import { sentinelPlan } from './_plan';
import { named, synth } from './_synth';

const bundleOf = (plan: Plan) =>
  named(
    synth(chart => new Trust(chart, 'trust', { plan })),
    'Bundle',
    'sentinel-ca-bundle',
  );

describe('the trust bundle', () => {
  test('can hold a coming and a going root beside the live one', () => {
    const bundle = bundleOf(sentinelPlan());
    expect(bundle.spec.sources).toEqual([
      { secret: { name: 'sentinel-ca-secret', key: 'tls.crt' } },
      { configMap: { selector: { matchLabels: { 'sentinel-mtls.io/further-roots': 'sentinel' } }, includeAllKeys: true } },
    ]);
    expect(bundle).toMatchSnapshot();
  });

  test('becomes a ConfigMap of the same key in the namespaces of the fleet only', () => {
    const { target } = bundleOf(sentinelPlan()).spec;
    expect(target.configMap.key).toBe('ca.crt');
    expect(target.namespaceSelector).toEqual({
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['sentinel-data', 'sentinel-system'] }],
    });
    expect(target).not.toHaveProperty('secret');
  });

  test('selects a single namespace by its label', () => {
    const { target } = bundleOf(sentinelPlan({ namespaces: ['sentinel-system'] })).spec;
    expect(target.namespaceSelector).toEqual({ matchLabels: { 'kubernetes.io/metadata.name': 'sentinel-system' } });
  });

  test.each([
    [{ configMap: 'corp-roots', key: 'roots.pem' }, { configMap: { name: 'corp-roots', key: 'roots.pem' } }],
    [{ inline: '-----BEGIN CERTIFICATE-----' }, { inLine: '-----BEGIN CERTIFICATE-----' }],
  ])('takes the roots from %o', (source, written) => {
    const plan = sentinelPlan();
    expect(bundleOf({ ...plan, bundle: { ...plan.bundle, source } }).spec.sources[0]).toEqual(written);
  });
});
