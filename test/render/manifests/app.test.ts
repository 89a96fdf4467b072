import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject, App, Chart, JsonPatch, Lazy, Testing, Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import { Manifest, type ManifestBody } from '../../../lib/constructs/manifest.js';
import { OutputFile } from '../../../lib/constructs/output-file.js';
import { FleetApp, GENERATED_LINE, stringifyObject, textOf, ValidationError } from '../../../lib/render/manifests/index.js';
import { asWritten } from '../../../lib/render/manifests/objects';
import { SEED } from '../../_seed.js';
import { RandomObjects, randomOf } from './random-object.js';

const configMap = (name: string, data: Record<string, string> = { key: 'value' }): ManifestBody => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, namespace: 'mesh', labels: { team: 'platform' } },
  data,
});

/** The rendered text by path. */
function texts(app: FleetApp): Record<string, string> {
  return Object.fromEntries([...app.render()].map(file => [file.path, textOf(file)]));
}

/** The texts of one tree by path, written by FleetApp and by stock cdk8s. */
function bothWays(build: (scope: Construct) => void): { ours: string; stock: string } {
  const [app, stockApp] = [new FleetApp(), Testing.app()];
  const [own, chart] = [app, stockApp].map(
    root => new Chart(new Construct(root, 'prod'), 'identity', { labels: { fleet: 'sentinel' } }),
  ) as [Chart, Chart];
  build(own);
  build(chart);
  return { ours: texts(app)['prod/identity.yaml'] ?? '', stock: Yaml.stringify(...Testing.synth(chart)) };
}

describe('where things are written', () => {
  test('a chart becomes <environment>/<plane>.yaml, a file keeps its path below the environment', () => {
    const app = new FleetApp();
    for (const name of ['dev', 'prod']) {
      const environment = new Construct(app, name);
      new Manifest(new Chart(environment, 'policy'), 'one', configMap('one'));
      new Chart(environment, 'issuance');
      new OutputFile(environment, 'values', { path: 'prerequisites/cert-manager.values.yaml', content: 'a: 1\n' });
    }
    expect(Object.keys(texts(app))).toEqual([
      'dev/policy.yaml',
      'prod/policy.yaml',
      'dev/prerequisites/cert-manager.values.yaml',
      'prod/prerequisites/cert-manager.values.yaml',
    ]);
  });

  test('a chart below the app, and a chart in a chart, have the path of the construct', () => {
    const app = new FleetApp();
    const outer = new Chart(app, 'outer');
    new Manifest(outer, 'one', configMap('one'));
    new Manifest(new Chart(outer, 'inner'), 'two', configMap('two'));
    expect(Object.keys(texts(app))).toEqual(['outer.yaml', 'outer/inner.yaml']);
  });

  test('a large chart comes in pieces that do not grow with it', () => {
    const app = new FleetApp();
    const chart = new Chart(new Construct(app, 'prod'), 'policy');
    for (let index = 0; index < 400; index++) new Manifest(chart, `map-${index}`, configMap(`map-${index}`, { text: 'x'.repeat(5000) }));
    const [file] = [...app.render()];
    const lengths = [...(file?.chunks ?? [])].map(chunk => chunk.length);
    expect(lengths.length).toBeGreaterThan(5);
    expect(Math.max(...lengths)).toBeLessThan(300 * 1024);
  });

  test('synth writes to CDK8S_OUTDIR', () => {
    const outdir = mkdtempSync(join(tmpdir(), 'fleet-app-'));
    process.env.CDK8S_OUTDIR = outdir;
    try {
      const app = new FleetApp();
      const environment = new Construct(app, 'prod');
      new Manifest(new Chart(environment, 'policy'), 'one', configMap('one'));
      new OutputFile(environment, 'kustomization', { path: 'kustomization.yaml', content: `${GENERATED_LINE}\nresources: []\n` });
      app.synth();
      expect(readFileSync(join(outdir, 'prod/policy.yaml'), 'utf8')).toContain('name: one\n');
    } finally {
      delete process.env.CDK8S_OUTDIR;
      rmSync(outdir, { recursive: true });
    }
  });
});

describe('the same bytes as stock cdk8s', () => {
  test('for plain manifests, labels of the chart below their own', () => {
    const { ours, stock } = bothWays(chart => {
      new Manifest(chart, 'one', configMap('one'));
      new Manifest(chart, 'two', { ...configMap('two'), metadata: { name: 'two', labels: { fleet: 'other' } } });
      new Manifest(chart, 'three', { ...configMap('three'), metadata: { name: 'three', annotations: {}, finalizers: [] } });
    });
    expect(ours).toBe(stock);
    expect(ours).toContain('    fleet: other\n');
    expect(ours.match(/fleet: sentinel/g)).toHaveLength(2);
    expect(ours).not.toContain('annotations');
  });

  test('for the text of a policy in a ConfigMap', () => {
    const policy = `${JSON.stringify({ version: 1, server: [{ name: 'https', allow: [{ spiffeId: 'spiffe://a/b' }] }] }, null, 2)}\n`;
    const { ours, stock } = bothWays(chart => new Manifest(chart, 'one', configMap('one', { 'policy.json': policy })));
    expect(ours).toBe(stock);
    expect(ours).toContain('  policy.json: |\n    {\n      "version": 1,\n');
  });

  test('for everything that may be added to an object later', () => {
    const { ours, stock } = bothWays(chart => {
      const one = new Manifest(chart, 'one', configMap('one'));
      one.metadata.addLabel('late', 'yes');
      one.metadata.addAnnotation('note', 'on');
      one.metadata.addFinalizers('a.b/c');
      one.metadata.addOwnerReference({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' });
      one.metadata.add('generateName', 'x-');
      new Manifest(chart, 'two', configMap('two')).addJsonPatch(JsonPatch.add('/data/patched', '0755'), JsonPatch.remove('/data/key'));
      new Manifest(chart, 'three', { ...configMap('three'), data: { late: Lazy.any({ produce: () => 'produced' }) } });
      new Manifest(chart, 'four', { ...configMap('four'), data: { 8080: 'a', 443: 'b' } });
      new ApiObject(chart, 'five', { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 1 }] } });
    });
    expect(ours).toBe(stock);
    for (const text of ['late: "yes"', 'patched: "0755"', 'late: produced', 'kind: Service']) expect(ours).toContain(text);
  });

  test('for who checks it in memory, with what only cdk8s can resolve', () => {
    const chart = new Chart(Testing.app(), 'chart');
    const lazy = { ...configMap('one'), data: { late: Lazy.any({ produce: () => 'produced' }), empty: null } };
    const patched = new Manifest(chart, 'two', configMap('two'));
    patched.addJsonPatch(JsonPatch.add('/data/patched', '0755'));
    const token = { ...configMap('three'), data: { late: { resolve: () => 'resolved' } } };
    const objects = [new Manifest(chart, 'one', lazy), patched, new Manifest(chart, 'three', token)];
    for (const object of objects) expect(JSON.stringify(asWritten(object))).toBe(JSON.stringify(object.toJson()));
    expect(objects.map(object => JSON.stringify(asWritten(object))).join()).toMatch(/produced.*0755.*resolved/);
    expect(() => asWritten(new Manifest(chart, 'four', { ...configMap('four'), data: { when: new Date(0) } }))).toThrow("type 'Date'");
  });

  test('in the order that dependencies ask for', () => {
    const { ours, stock } = bothWays(chart => {
      const one = new Manifest(chart, 'one', configMap('one'));
      one.addDependency(new Manifest(chart, 'two', configMap('two')));
    });
    expect(ours).toBe(stock);
    expect(ours.indexOf('name: two')).toBeLessThan(ours.indexOf('name: one'));
  });

  test('for 500 random manifests', () => {
    const seed = SEED;
    console.log(`SENTINEL_SEED=${seed}`);
    const objects = new RandomObjects(randomOf(seed));
    const chart = new Chart(Testing.app(), 'chart', { labels: { fleet: 'sentinel' } });
    for (let index = 0; index < 500; index++) {
      const manifest = new Manifest(chart, `o${index}`, objects.object());
      expect(stringifyObject(manifest.plainData() ?? {})).toBe(Yaml.stringify(manifest.toJson()));
      expect(JSON.stringify(asWritten(manifest))).toBe(JSON.stringify(manifest.toJson()));
    }
  });
});

describe('what is refused', () => {
  test('an object that an environment declares twice, whatever its version', () => {
    const app = new FleetApp();
    const environment = new Construct(app, 'prod');
    const spec = { kind: 'Certificate', metadata: { name: 'a-tls', namespace: 'mesh' } };
    new Manifest(new Chart(environment, 'identity'), 'one', { ...spec, apiVersion: 'cert-manager.io/v1' });
    new Manifest(new Chart(environment, 'trust'), 'two', { ...spec, apiVersion: 'cert-manager.io/v1alpha2' });
    expect(() => app.render()).toThrow(
      'Certificate "a-tls" in namespace "mesh" is declared twice: at prod/identity/one and at prod/trust/two',
    );
  });

  test('but not one that two environments declare, nor one name in two namespaces, groups or kinds', () => {
    const app = new FleetApp();
    for (const name of ['dev', 'prod']) {
      const chart = new Chart(new Construct(app, name), 'policy');
      new Manifest(chart, 'one', configMap('one'));
      new Manifest(chart, 'two', { ...configMap('one'), metadata: { name: 'one', namespace: 'other' } });
      new Manifest(chart, 'three', { ...configMap('one'), kind: 'Secret' });
      new ApiObject(chart, 'four', { ...configMap('one'), apiVersion: 'example.com/v1' });
    }
    expect(Object.keys(texts(app))).toHaveLength(2);
  });

  test('two constructs with one output path', () => {
    const app = new FleetApp();
    const environment = new Construct(app, 'prod');
    new Manifest(new Chart(environment, 'policy'), 'one', configMap('one'));
    new OutputFile(environment, 'file', { path: 'policy.yaml', content: '' });
    expect(() => app.render()).toThrow('file prod/policy.yaml is written twice, first by prod/policy');
  });

  test('all problems at once, with the path of each construct', () => {
    const app = new FleetApp();
    for (const name of ['dev', 'prod']) new Construct(app, name).node.addValidation({ validate: () => [`${name} is wrong`] });
    const thrown = (() => {
      try {
        app.render();
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(ValidationError);
    expect(thrown).toMatchObject({ code: 'SYNTH_INVALID', problems: ['[dev] dev is wrong', '[prod] prod is wrong'] });
  });

  test('data that is no JSON, with the path of the construct', () => {
    const app = new FleetApp();
    const chart = new Chart(new Construct(app, 'prod'), 'policy');
    new Manifest(chart, 'one', { ...configMap('one'), data: { when: new Date(0) } });
    expect(() => texts(app)).toThrow(/at path 'prod\/policy\/one'.*'Date'/);
  });
});

test('an ApiObject of cdk8s is no Manifest', () => {
  const chart = new Chart(new App(), 'chart');
  expect(new ApiObject(chart, 'one', { apiVersion: 'v1', kind: 'Pod' }) instanceof Manifest).toBe(false);
  expect(new Manifest(chart, 'two', configMap('two')) instanceof Manifest).toBe(true);
});
