import type { ValidateFunction } from 'ajv';
import { checkObject, knownKinds } from '../../../lib/check/schema/index.js';
import { edited, parsePath, removed, replaced } from './edit.js';
import { SPECIMENS } from './good-objects.js';

const specimen = (kind: string) => SPECIMENS.find(({ object }) => object.kind === kind)?.object ?? {};
const only = (object: unknown) => {
  const problems = checkObject(object);
  expect(problems).toHaveLength(1);
  return problems[0];
};

test('every kind with a schema has a specimen', () => {
  expect(SPECIMENS.map(({ object }) => `${object.apiVersion} ${object.kind}`).sort()).toEqual(knownKinds().sort());
});

describe.each(SPECIMENS.map(entry => [String(entry.object.kind), entry] as const))('%s', (_, { object, typo, enumAt, typedAt }) => {
  test('a good object is accepted', () => {
    expect(checkObject(object)).toEqual([]);
  });

  test('a misspelt field is refused at its place, and the right one is named', () => {
    const path = parsePath(typo[0]);
    const right = String(path.at(-1));
    const wrong = edited(object, path, (container, key) => {
      container[typo[1]] = container[key];
      delete container[key];
    });
    const problem = checkObject(wrong).find(({ kind }) => kind === 'unknownField');
    expect(problem?.path).toEqual([...path.slice(0, -1), typo[1]]);
    if (right.length - typo[1].length < 3) expect(problem?.message).toBe(`unknown field "${typo[1]}", did you mean "${right}"?`);
  });

  test('a value of the wrong type is refused at its place', () => {
    expect(checkObject(replaced(object, typedAt, [[]])).map(({ path }) => path.slice(0, parsePath(typedAt).length))).toContainEqual(
      parsePath(typedAt),
    );
  });

  if (enumAt !== undefined)
    test('a value beyond the closed list is refused at its place', () => {
      expect(checkObject(replaced(object, enumAt, 'nonsense'))).toContainEqual(
        expect.objectContaining({ kind: 'notSupported', path: parsePath(enumAt), found: '"nonsense"' }),
      );
    });
});

describe('what cdk8s lets pass', () => {
  test('a namespace on a cluster-scoped object', () => {
    expect(only(replaced(specimen('ClusterIssuer'), 'metadata.namespace', 'drone'))?.message).toBe(
      '"namespace" on a cluster-scoped ClusterIssuer',
    );
  });

  test('an upper-case name', () => {
    expect(only(replaced(specimen('Certificate'), 'metadata.name', 'Api'))).toMatchObject({
      path: ['metadata', 'name'],
      expected: 'a DNS-1123 subdomain',
    });
  });

  test('a number as a label value, and a malformed label key', () => {
    const labels = { port: 8443, 'a b': 'x' };
    const paths = checkObject(replaced(specimen('Deployment'), 'spec.template.metadata.labels', labels)).map(({ path }) => path.at(-1));
    expect(paths.sort()).toEqual(['a b', 'port']);
  });

  test('a Certificate without spec, which its CRD accepts', () => {
    expect(only(removed(specimen('Certificate'), 'spec'))).toMatchObject({ kind: 'required', path: ['spec'] });
  });

  test('a NetworkPolicy without spec, which would cut off every pod of its namespace', () => {
    expect(only(removed(specimen('NetworkPolicy'), 'spec'))).toMatchObject({ kind: 'required', path: ['spec'] });
  });

  test('the port of allTcp(): a string where a quantity or a number stands is judged by its own rule', () => {
    expect(only(replaced(specimen('Deployment'), 'spec.template.spec.containers.0.resources.limits.memory', '64 Mi'))?.expected).toMatch(
      /quantity/,
    );
  });
});

describe('choices that the CRDs state in CEL', () => {
  test('two sources in one entry of a Bundle', () => {
    const problem = only(replaced(specimen('Bundle'), 'spec.sources.0.useDefaultCAs', true));
    expect(problem).toMatchObject({ kind: 'forbidden', path: ['spec', 'sources', 0], found: 'secret, useDefaultCAs' });
    expect(problem?.expected).toBe('exactly one of configMap, secret, inLine, useDefaultCAs');
  });

  test('a Bundle without a target', () => {
    expect(only(replaced(specimen('Bundle'), 'spec.target', { namespaceSelector: {} }))).toMatchObject({
      kind: 'required',
      path: ['spec', 'target'],
    });
  });
});

describe('objects that are none of ours', () => {
  test('an unknown kind is told apart from a broken object', () => {
    expect(only({ ...specimen('Deployment'), kind: 'Deploymnet' })).toMatchObject({ kind: 'unknownKind', path: ['kind'] });
    expect(only({ ...specimen('Deployment'), kind: 'Deploymnet' })?.message).toContain('did you mean "apps/v1 Deployment"?');
  });

  test('a known kind in another apiVersion names the right one', () => {
    const problem = only({ ...specimen('Certificate'), apiVersion: 'cert-manager.io/v1alpha2' });
    expect(problem).toMatchObject({ kind: 'unknownKind', path: ['apiVersion'], expected: 'cert-manager.io/v1 Certificate' });
  });

  test.each([[null], [[]], ['text'], [{}], [{ apiVersion: 'v1' }], [{ apiVersion: '../x', kind: '..' }]])(
    '%j is refused without a crash',
    value => {
      expect(checkObject(value)).toHaveLength(1);
    },
  );
});

describe('messages', () => {
  test('a close value of a closed list is proposed', () => {
    expect(only(replaced(specimen('Certificate'), 'spec.usages.1', 'serverAuth'))?.expected).toMatch(/^"server auth", or another of /);
  });

  test('never show the content of a Secret, a password or a PEM text', () => {
    const secret = replaced(specimen('Secret'), 'data', { key: 'hunter2!' });
    expect(JSON.stringify(checkObject(secret))).not.toContain('hunter2');
    expect(only(secret)?.expected).toBe('base64');
    const pem = replaced(specimen('Certificate'), 'spec.secretName', '-----BEGIN PRIVATE KEY-----\nMIIE');
    expect(JSON.stringify(checkObject(pem))).not.toContain('MIIE');
  });

  test('a mistake repeated a thousand times is told fifty times', () => {
    expect(checkObject(replaced(specimen('Certificate'), 'spec.usages', Array(1000).fill('x')))).toHaveLength(50);
  });
});

test('the fleet validator is a compiled function that names what it refuses', () => {
  const validate = require('#validators/fleet') as ValidateFunction;
  expect(validate({ nonsense: true })).toBe(false);
  expect(validate.errors?.length).toBeGreaterThan(0);
});
