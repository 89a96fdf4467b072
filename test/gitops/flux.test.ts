import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isRecord, type KubernetesObject, readObjects, valueAt } from '../../lib/objects/index.js';
import { kubectl } from '../_kubectl.js';
import { tool } from '../_tools.js';
import { documentsOf, GITOPS, object, objects, ROOT } from './_examples.js';

describe('the prerequisites', () => {
  const releases = objects('flux/prerequisites').filter(({ object: { kind } }) => kind === 'HelmRelease');

  test.each(['cert-manager', 'approver-policy', 'trust-manager'])(
    '%s has the values and the version that the manifests are written for',
    name => {
      const file = join(ROOT, 'dist/prod/prerequisites', `${name}.values.yaml`);
      const [, chart, version] = /helm upgrade --install \S+ jetstack\/(\S+) --version (\S+)/.exec(readFileSync(file, 'utf8')) ?? [];
      const release = releases.find(({ object: found }) => valueAt(found, ['spec', 'chart', 'spec', 'chart']) === chart)?.object;
      expect(valueAt(release, ['spec', 'values'])).toEqual(parse(readFileSync(file, 'utf8')));
      expect(valueAt(release, ['spec', 'chart', 'spec', 'version'])).toBe(version);
    },
  );

  test('build, wait for each other, and are what the fleet waits for', () => {
    const built = documentsOf(execFileSync(kubectl(), ['kustomize', join(GITOPS, 'flux/prerequisites')], { encoding: 'utf8' }));
    expect(built.filter(({ kind }) => kind === 'HelmRelease').map(({ metadata }) => metadata.name)).toHaveLength(releases.length);
    const names = releases.map(({ object: found }) => found.metadata.name);
    for (const { object: found } of releases)
      for (const need of (valueAt(found, ['spec', 'dependsOn']) ?? []) as readonly { readonly name: string }[])
        expect(names).toContain(need.name);
    const fleet = object('Kustomization', 'sentinel', 'flux/oci');
    for (const kustomization of [
      fleet,
      objects('flux').find(({ file, object: { metadata } }) => file === 'flux/fleet.yaml' && metadata.name === 'sentinel')?.object,
    ])
      expect(valueAt(kustomization, ['spec', 'dependsOn'])).toEqual([{ name: 'sentinel-prerequisites' }]);
  });
});

const healthChecks = (): readonly (Readonly<Record<string, string>> & { readonly kind: string })[] => {
  const fleet = objects('flux').find(
    ({ file, object: { kind, metadata } }) => file === 'flux/fleet.yaml' && kind === 'Kustomization' && metadata.name === 'sentinel',
  );
  return valueAt(fleet?.object, ['spec', 'healthCheckExprs']) as never;
};

describe('the health checks', () => {
  test('cover every kind of the fleet that gets ready later than it is applied', () => {
    const groups = /^(?:(?:policy|trust)\.)?cert-manager\.io\//;
    const rendered = ['dev', 'staging', 'prod'].flatMap(name => [...readObjects(join(ROOT, 'dist', name))]);
    const slow = new Set(
      rendered.filter(({ apiVersion }) => groups.test(apiVersion)).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`),
    );
    expect(
      healthChecks()
        .map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)
        .sort(),
    ).toEqual([...slow].sort());
  });

  const path = tool('flux-health');
  (path === undefined ? test.skip : test)("mean what they should to Flux's own evaluator", () => {
    for (const { apiVersion, kind, ...expressions } of healthChecks()) {
      const type = kind === 'Bundle' ? 'Synced' : 'Ready';
      const condition = (status: string, observedGeneration: number, name = type) => ({ type: name, status, observedGeneration });
      const cases: readonly [string, unknown][] = [
        ['Current', { conditions: [condition('True', 3)] }],
        ['Current', { conditions: [condition('False', 3, 'Issuing'), condition('True', 3)] }],
        // of the spec before the last change
        ['InProgress', { conditions: [condition('True', 2)] }],
        ['InProgress', { conditions: [condition('False', 3)] }],
        ['InProgress', { conditions: [condition('Unknown', 3)] }],
        ['InProgress', { conditions: [condition('True', 3, 'Other')] }],
        // nothing is true of all of nothing
        ['InProgress', { conditions: [] }],
        ['InProgress', {}],
      ];
      const samples = cases.map(([, status]) => ({ apiVersion, kind, metadata: { name: 'x', generation: 3 }, status }));
      expect([kind, evaluate(path ?? '', expressions, samples)]).toEqual([kind, cases.map(([health]) => health)]);
    }
  });

  (path === undefined ? test.skip : test)('an expression with "all" would take an object without conditions for healthy', () => {
    const expressions = { current: "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')" };
    expect(
      evaluate(path ?? '', expressions, [{ apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, status: { conditions: [] } }]),
    ).toEqual(['Current']);
  });
});

function evaluate(path: string, expressions: object, samples: readonly object[]): readonly string[] {
  const input = JSON.stringify({ expressions, objects: samples });
  return execFileSync(path, [], { input, encoding: 'utf8' }).trim().split('\n');
}

test('what is verified is verified against one identity, with patterns that have an end', () => {
  const identities = objects('flux/oci').flatMap(
    ({ object: found }: { readonly object: KubernetesObject }) => valueAt(found, ['spec', 'verify', 'matchOIDCIdentity']) ?? [],
  );
  expect(identities).toHaveLength(2);
  for (const identity of identities as readonly unknown[]) {
    expect(isRecord(identity) && [identity.issuer, identity.subject]).toEqual([
      expect.stringMatching(/^\^.*\$$/),
      expect.stringMatching(/^\^https.*\$$/),
    ]);
  }
});
