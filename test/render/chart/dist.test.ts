import { join } from 'node:path';
import { parse } from 'yaml';
import { environmentsOf, type Fleet, resolve } from '../../../lib/fleet/index.js';
import { readObjects } from '../../../lib/objects/index.js';
import { withDefaults } from '../../../lib/render/chart/index.js';
import { renderObjects } from '../../../lib/render/manifests/objects.js';
import { helms } from '../../_helm.js';
import { SEED } from '../../_seed.js';
import { byKey, chartOf, EXAMPLES, example, type KubernetesObject, objectsIn, ROOT, sentinel, template } from './_chart.js';
import { randomFleet } from './_random-fleet.js';

/** Labels that only a chart's objects have. */
const CHART_LABELS = ['helm.sh/chart', 'app.kubernetes.io/instance', 'app.kubernetes.io/version', 'app.kubernetes.io/component'];

/** An object of the chart without what says that it came from one; each of these must have been there. */
function asSynthesized(object: KubernetesObject): KubernetesObject {
  const copy = JSON.parse(
    JSON.stringify(object).replaceAll('"app.kubernetes.io/managed-by":"Helm"', '"app.kubernetes.io/managed-by":"sentinel-mtls"'),
  ) as KubernetesObject;
  const labels = copy.metadata.labels as Record<string, string>;
  for (const label of CHART_LABELS) {
    expect(labels[label]).toEqual(expect.any(String));
    delete labels[label];
  }
  return copy;
}

const namespaceOf = (fleet: Fleet, environment: string): string => fleet.environments[environment]?.namespace ?? fleet.namespace;

const FLEETS = [
  ['Sentinel', sentinel],
  ...EXAMPLES.map(name => [name, () => example(name)] as const),
  ...Array.from({ length: 8 }, (_, index) => [`random fleet ${SEED + index}`, () => randomFleet(SEED + index)] as const),
] as const;

test.each(FLEETS)('the chart of %s is what synth writes for each environment, with the values of ci/', (_, load) => {
  const fleet = load();
  const chart = chartOf(fleet);
  for (const environment of environmentsOf(fleet)) {
    const values = parse(chart.files().get(`ci/${environment}-values.yaml`) ?? '') as Record<string, unknown>;
    const release = { name: fleet.fleet, namespace: namespaceOf(fleet, environment) };
    const objects = chart.objects(withDefaults(chart.values, values), release) as KubernetesObject[];
    expect(byKey(objects.map(asSynthesized))).toEqual(
      byKey(JSON.parse(JSON.stringify([...renderObjects(resolve(fleet, environment))])) as unknown[]),
    );
  }
});

const HELMS = helms();
const suite = HELMS.length === 0 ? describe.skip : describe;

suite.each(HELMS)('Helm $major', helm => {
  test.each(['dev', 'staging', 'prod'])('renders charts/sentinel-core as dist/%s', async environment => {
    const release = { name: 'sentinel', namespace: 'sentinel-system' };
    const text = await template(helm, join(ROOT, 'charts', 'sentinel-core'), { environment, monitoring: { enabled: true } }, release);
    const written = [...readObjects(join(ROOT, 'dist', environment))] as unknown as KubernetesObject[];
    expect(byKey(objectsIn(text).map(asSynthesized))).toEqual(byKey(written));
  });
});
