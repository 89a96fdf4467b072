import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyFixes, lintObjects, RULES } from '../../../lib/check/lint/index.js';
import { readManifests } from '../../../lib/objects/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fix-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Fixes all files of the folder in place; how many faults were mended. */
function fix(): number {
  const { objects } = readManifests([folder]);
  const files = applyFixes(lintObjects(objects, { persona: 'auditor', date: '2026-11-24' }), objects);
  for (const { file, text } of files) writeFileSync(file.path ?? '', text);
  return files.reduce((sum, { fixed }) => sum + fixed.length, 0);
}

function fixed(text: string): string {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, text);
  for (let round = 0; round < 5 && fix() > 0; round++);
  return readFileSync(file, 'utf8');
}

const CERTIFICATE = `# the orders service
apiVersion: cert-manager.io/v1
kind: Certificate   # odd   spacing stays
metadata:
    name: orders-tls
    namespace: shop
spec:
    dnsNames:
    -   "Orders.shop.svc"   # as marketing writes it
    - orders.shop.svc.cluster.local
    secretName: orders-tls
    usages: [server auth, cert sign, client auth]
    privateKey: { rotationPolicy: Never , algorithm: ECDSA }
    issuerRef: {name: ca}
`;

test('values are replaced where they stand, quotes, comments and spacing are kept', () => {
  expect(fixed(CERTIFICATE)).toBe(
    CERTIFICATE.replace('"Orders.shop.svc"', '"orders.shop.svc"')
      .replace('server auth, cert sign, client auth', 'server auth, client auth')
      .replace('rotationPolicy: Never ,', 'rotationPolicy: Always ,'),
  );
});

const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: orders
  namespace: shop
spec:
  podSelector: {}
  ingress:
    - from: [{ podSelector: {} }]
      ports:
        - port: 8443 # mTLS
        - { port: 9090 }
  # the end
---
apiVersion: v1
kind: ConfigMap
metadata: { name: after }
`;

test('fields are added as the last ones of their map, in its style and at its indent', () => {
  expect(fixed(POLICY)).toBe(
    POLICY.replace('- port: 8443 # mTLS', '- port: 8443 # mTLS\n          protocol: TCP')
      .replace('{ port: 9090 }', '{ port: 9090, protocol: TCP }')
      .replace('protocol: TCP }\n', 'protocol: TCP }\n  policyTypes: [Ingress]\n'),
  );
});

test('lines end as they did', () => {
  const text = POLICY.replaceAll('\n', '\r\n');
  const after = fixed(text);
  expect(after).toContain('- port: 8443 # mTLS\r\n          protocol: TCP\r\n');
  expect(after.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
});

test('items of a block list are removed with their line, but not together with a comment', () => {
  const text = CERTIFICATE.replace(
    'usages: [server auth, cert sign, client auth]',
    'usages:\n    - server auth\n    - cert sign\n    - crl sign # from the old days',
  );
  expect(fixed(text)).toContain('usages:\n    - server auth\n    - crl sign # from the old days\n');
});

test('an alias is not edited, since the change would reach other fields', () => {
  const text = CERTIFICATE.replace('privateKey: { rotationPolicy: Never , algorithm: ECDSA }', 'privateKey: *key').replace(
    'metadata:\n',
    'x-key: &key { rotationPolicy: Never }\nmetadata:\n',
  );
  expect(fixed(text)).toContain('x-key: &key { rotationPolicy: Never }');
});

test.each(RULES.filter(({ fixable, code }) => fixable && code !== 'SMT-S001').map(rule => [rule.code, rule] as const))(
  '%s: what --fix mends lints clean for the rule, and mending twice changes nothing',
  (_, rule) => {
    const file = join(folder, 'a.yaml');
    writeFileSync(file, rule.bad);
    const count = (): number => {
      const { objects } = readManifests([file]);
      return lintObjects(objects, { persona: 'auditor', only: [rule.code] }).filter(({ edits }) => edits.length > 0).length;
    };
    for (let round = 0; round < 5 && fix() > 0; round++);
    const once = readFileSync(file, 'utf8');
    expect(count()).toBe(0);
    fix();
    expect(readFileSync(file, 'utf8')).toBe(once);
  },
);

test('the foreign repository: mended files differ in few lines, mending again changes nothing', () => {
  const source = join(__dirname, '../../fixtures/foreign');
  cpSync(source, folder, { recursive: true, filter: path => !/chart|overlay/.test(path) });
  // a name in upper case, a Bundle without namespaces, a port without protocol; the usage with a comment behind it stays
  expect(fix()).toBe(3);
  for (let round = 0; round < 5 && fix() > 0; round++);
  expect(fix()).toBe(0);
  for (const file of ['network.yaml', 'trust.yaml', 'certificates.yaml']) {
    const before = readFileSync(join(source, file), 'utf8').split('\n');
    const after = new Set(readFileSync(join(folder, file), 'utf8').split('\n'));
    expect(before.filter(line => !after.has(line)).length).toBeLessThan(6);
  }
});
