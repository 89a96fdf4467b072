import { parse } from 'yaml';
import { environmentsOf, resolve } from '../../../lib/fleet/index.js';
import { withDefaults } from '../../../lib/render/chart/index.js';
import { withMode } from '../../../lib/render/chart/plans.js';
import { ALIKE } from '../../../lib/render/chart/tree.js';
import { renderObjects } from '../../../lib/render/manifests/objects.js';
import { SEED } from '../../_seed.js';
import { byKey, chartOf, EXAMPLES, example, type KubernetesObject, sentinel } from './_chart.js';
import { randomFleet } from './_random-fleet.js';

const MODES = ['strict', 'permissive', 'audit', 'disabled'] as const;
const OF_SERVICES = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Service', 'ServiceAccount', 'NetworkPolicy'];

/** Objects of the planes that depend on the mode, without labels, of which a chart has more. */
function byMode(objects: readonly unknown[]): ReturnType<typeof byKey> {
  const found = (objects as readonly KubernetesObject[]).filter(
    ({ kind, metadata }) => OF_SERVICES.includes(kind) || (kind === 'ConfigMap' && metadata.name.endsWith('-mtls-policy')),
  );
  const plain = JSON.parse(
    JSON.stringify(found).replaceAll('"app.kubernetes.io/managed-by":"Helm"', '"app.kubernetes.io/managed-by":"sentinel-mtls"'),
  );
  for (const { metadata } of plain as KubernetesObject[]) delete (metadata as unknown as Record<string, unknown>).labels;
  return byKey(plain as unknown[]);
}

const FLEETS = [
  ['Sentinel', sentinel],
  ...EXAMPLES.map(name => [name, () => example(name)] as const),
  ...Array.from({ length: 8 }, (_, index) => [`random fleet ${SEED + index}`, () => randomFleet(SEED + index)] as const),
] as const;

test.each(FLEETS)('each mode of the chart of %s is what synth writes for the fleet with that mode', (_, load) => {
  const fleet = load();
  const chart = chartOf(fleet);
  for (const environment of environmentsOf(fleet)) {
    const own = parse(chart.files().get(`ci/${environment}-values.yaml`) ?? '') as Record<string, unknown>;
    const release = { name: fleet.fleet, namespace: fleet.environments[environment]?.namespace ?? fleet.namespace };
    const rendered = MODES.map(mode => byMode(chart.objects(withDefaults(chart.values, { ...own, global: { mtls: { mode } } }), release)));
    const written = MODES.map(mode => byMode([...renderObjects(resolve(withMode(fleet, mode), environment))]));
    expect(rendered).toEqual(written);
  }
});

test('modes that a plane tells apart by their word alone are each in one row', () => {
  for (const rows of Object.values(ALIKE)) expect(rows.flat().sort()).toEqual([...MODES, 'declared'].sort());
});
