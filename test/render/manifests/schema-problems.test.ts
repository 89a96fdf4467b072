import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { Manifest, type ManifestBody, OutputFile } from '../../../lib/constructs/index.js';
import { ObjectNames } from '../../../lib/render/manifests/duplicates.js';
import { FleetApp, GENERATED_LINE, ValidationError } from '../../../lib/render/manifests/index.js';

function app(add: (chart: Chart) => void): { readonly app: FleetApp; readonly outdir: string } {
  const outdir = mkdtempSync(join(tmpdir(), 'sentinel-mtls-test-'));
  const fleetApp = new FleetApp({ outdir });
  const scope = new Construct(fleetApp, 'dev');
  new OutputFile(scope, 'kustomization', { path: 'kustomization.yaml', content: `${GENERATED_LINE}\n` });
  add(new Chart(scope, 'identity'));
  return { app: fleetApp, outdir };
}

const certificate = (spec: object): ManifestBody => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'web-tls', namespace: 'shop' },
  spec: { secretName: 'web-tls', dnsNames: ['web'], issuerRef: { name: 'ca' }, ...spec },
});

test('an object that its schema accepts is written', () => {
  const { app: good, outdir } = app(chart => new Manifest(chart, 'web', certificate({ duration: '2160h0m0s' })));
  good.synth();
  expect(readdirSync(join(outdir, 'dev')).sort()).toEqual(['identity.yaml', 'kustomization.yaml']);
});

test.each([
  ['an unknown field', { durration: '2160h0m0s' }, /\[dev\/identity\/web\] spec\.durration: unknown field "durration"/],
  ['a wrong enum', { privateKey: { algorithm: 'DSA' } }, /spec\.privateKey\.algorithm/],
  ["what cert-manager's webhook refuses", { duration: '2h', renewBefore: '3h' }, /spec\.renewBefore/],
])('%s stops the whole output', (_, spec, problem) => {
  const { app: bad, outdir } = app(chart => new Manifest(chart, 'web', certificate(spec)));
  expect(() => bad.synth()).toThrow(ValidationError);
  expect(() => bad.synth()).toThrow(problem);
  expect(readdirSync(outdir)).toEqual([]);
});

test('an unknown kind is refused of ours and passes of others', () => {
  const body = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } };
  expect(() => app(chart => new Manifest(chart, 'w', body)).app.synth()).toThrow('no schema for kind "Widget"');
  expect(() => app(chart => new ApiObject(chart, 'w', body)).app.synth()).not.toThrow();
});

test('a name that two planes of one environment take is found, though they are written apart', () => {
  const names = new ObjectNames();
  const plane = (id: string): FleetApp => {
    const part = new FleetApp({ names });
    new Manifest(new Chart(new Construct(part, 'dev'), id), 'web', certificate({ duration: '2160h0m0s' }));
    return part;
  };
  expect(() => plane('identity').render()).not.toThrow();
  expect(() => plane('trust').render()).toThrow('is declared twice: in another plane and at dev/trust/web');
});
