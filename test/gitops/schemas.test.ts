import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import { schemaName } from '../../lib/check/schema/validators.js';
import type { KubernetesObject } from '../../lib/objects/index.js';
import { documentsOf, filesOf, objects, ROOT, read } from './_examples.js';

const SCHEMAS = join(ROOT, 'schemas');
const definitions = JSON.parse(readFileSync(join(SCHEMAS, 'definitions.json'), 'utf8')) as object;
const validators = new Map<string, ValidateFunction>();

/** By the schema of the kind's CRD; a kind without one is an error, never a pass. */
function problemsOf(object: KubernetesObject): readonly string[] {
  const file = [`gitops/${schemaName(object.apiVersion, object.kind)}.json`, `${schemaName(object.apiVersion, object.kind)}.json`].find(
    path => existsSync(join(SCHEMAS, path)),
  );
  if (file === undefined) throw new Error(`there is no schema of ${object.apiVersion} ${object.kind}`);
  let validate = validators.get(file);
  if (validate === undefined) {
    const ajv = new Ajv({ allErrors: true, strict: false }).addSchema(definitions);
    validate = ajv.compile(JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as object);
    validators.set(file, validate);
  }
  return validate(object) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

// Kustomize publishes no schema of a Component; the test of the waves has kubectl build it
const all = objects().filter(({ object }) => object.kind !== 'Component');

describe('each file of examples/gitops fits the CRD of its kind', () => {
  test.each(all.map(({ file, object }) => [file, object.kind, object] as const))('%s: %s', (_file, _kind, object) => {
    expect(problemsOf(object)).toEqual([]);
  });

  test('there are files of both tools', () => {
    const kinds = new Set(all.map(({ object }) => object.kind));
    for (const kind of [
      'Application',
      'ApplicationSet',
      'AppProject',
      'GitRepository',
      'OCIRepository',
      'HelmRepository',
      'HelmRelease',
      'Kustomization',
    ])
      expect(kinds).toContain(kind);
  });

  test.each(all.map(({ file, object }) => [file, object.kind, object] as const))(
    '%s: %s with a field that its CRD does not know, or without its spec, would be found',
    (_file, kind, object) => {
      if (object.spec === undefined) return expect(problemsOf({ ...object, nonsense: 1 })).not.toEqual([]);
      expect(problemsOf({ ...object, spec: { ...(object.spec as object), nonsense: true } })).not.toEqual([]);
      if (kind === 'Namespace') return;
      const { spec: _, ...rest } = object;
      expect(problemsOf(rest as KubernetesObject)).not.toEqual([]);
    },
  );

  test('no file says a key twice, and none holds an example domain of ours', () => {
    for (const file of filesOf()) {
      expect(() => documentsOf(read(file))).not.toThrow();
      for (const [, host] of read(file)
        .replaceAll('\\', '')
        .matchAll(/(?:https|oci):\/\/([a-z0-9.-]+)/g))
        expect(['github.com', 'ghcr.io', 'charts.jetstack.io', 'token.actions.githubusercontent.com']).toContain(host);
    }
  });
});
