import { lintObjects, PROFILES } from '../../../lib/check/lint/index.js';
import { ObjectSet, parseObjects } from '../../../lib/objects/index.js';

const certificate = (secretName: string, name = 'a', spec = '') => `apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: ${name}, namespace: shop }
spec: { dnsNames: [${name}.shop.svc], secretName: ${secretName}, usages: [server auth], issuerRef: { name: ca }${spec} }
`;
const lint = (files: Readonly<Record<string, string>>, options = {}): string[] => {
  const objects = new ObjectSet(Object.entries(files).flatMap(([file, text]) => parseObjects(text, file)));
  return lintObjects(objects, { date: '2026-11-24', ...options }).map(({ code, file }) => `${file} ${code}`);
};

test('folders that define the same object are judged apart, with what they have in common', () => {
  const files = {
    'dist/dev/a.yaml': certificate('s'),
    'dist/prod/a.yaml': certificate('s'),
    'dist/prod/more/b.yaml': certificate('s', 'b'),
    'common.yaml': certificate('s', 'c'),
  };
  expect(lint(files, { only: ['SMT-C012'] })).toEqual([
    'dist/dev/a.yaml SMT-C012',
    'dist/prod/a.yaml SMT-C012',
    'dist/prod/more/b.yaml SMT-C012',
  ]);
});

test('an overlay that defines an object of its base anew is an environment of its own', () => {
  expect(lint({ 'base/a.yaml': certificate('s'), 'base/overlay/a.yaml': certificate('s') }, { only: ['SMT-C012'] })).toEqual([]);
});

test('one object twice in one folder is no environment', () => {
  expect(lint({ 'x/a.yaml': certificate('s'), 'x/b.yaml': certificate('s') }, { only: ['SMT-C012'] })).toEqual(['x/b.yaml SMT-C012']);
});

test.each([
  ['default', ', privateKey: { size: 2048 }', []],
  ['nist-800-52r2', ', privateKey: { algorithm: ECDSA, size: 521 }', ['SMT-C006']],
  ['bsi-tr-02102-2026', ', privateKey: { size: 2048 }', ['SMT-C006']],
  ['bsi-tr-02102-2026', ', privateKey: { size: 3072 }', []],
  ['cnsa2', ', privateKey: { algorithm: ECDSA, size: 384 }', ['SMT-C040']],
  ['cnsa2', ', privateKey: { algorithm: ECDSA, size: 256 }', ['SMT-C006', 'SMT-C040']],
  ['mozilla-modern', ', privateKey: { algorithm: ECDSA, size: 256 }', []],
  ['mozilla-modern', ', privateKey: { algorithm: Ed25519 }', ['SMT-C006']],
  ['mozilla-modern', ', privateKey: { algorithm: ECDSA, size: 256 }, duration: 2400h', ['SMT-C039']],
])('profile %s judges a key%s', (profile, spec, expected) => {
  expect(lint({ 'a.yaml': certificate('s', 'a', spec) }, { profile }).map(text => text.split(' ')[1])).toEqual(expected);
});

test('the day decides whether a classical key is still valid when its time is over', () => {
  const root = {
    'a.yaml': certificate(
      's',
      'a',
      ', isCA: true, commonName: a, duration: 43800h, privateKey: { algorithm: ECDSA, size: 384, rotationPolicy: Never }',
    ).replace('[server auth]', '[cert sign]'),
  };
  const options = { profile: 'bsi-tr-02102-2026', only: ['SMT-C040'] };
  expect(lint(root, { ...options, date: '2026-11-24' })).toEqual([]);
  expect(lint(root, { ...options, date: '2031-06-01' })).toEqual(['a.yaml SMT-C040']);
});

test('a profile that does not exist is an error', () => {
  expect(() => lint({}, { profile: 'x' })).toThrow(`there is no profile "x"; profiles: ${PROFILES.map(({ name }) => name).join(', ')}`);
});
