import { X509Certificate } from 'node:crypto';
import type { PublicSecret } from '../../../lib/cluster/index.js';
import { serialHash, trustFingerprint } from '../../../lib/cluster/rotate/chain.js';
import type { Issued, Kept, Pod, RotationFacts, Target } from '../../../lib/cluster/rotate/facts.js';
import { currentStep, type RotationStep, stepsOf } from '../../../lib/cluster/rotate/steps.js';
import type { KubernetesObject } from '../../../lib/objects/index.js';
import { DAY, type Made, make } from '../_certificates.js';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const GRACE = { graceSeconds: 180 };
const ID = 'spiffe://shop.internal/ns/shop/sa/web';

let old: Made;
let next: Made;
let leafOfOld: X509Certificate;
let leafOfNew: X509Certificate;

const x509 = ({ pem }: Made): X509Certificate => new X509Certificate(pem);

beforeAll(async () => {
  // the same name, as a renewal has it
  [old, next] = await Promise.all([make({ commonName: 'root', isCa: true, now: NOW }), make({ commonName: 'root', isCa: true, now: NOW })]);
  leafOfOld = x509(await make({ dnsNames: ['web'], uris: [ID], now: NOW }, old));
  leafOfNew = x509(await make({ dnsNames: ['web'], uris: [ID], now: NOW }, next));
});

const object = (kind: string, name: string, more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: kind === 'Certificate' && name === 'shop-ca' ? 'cert-manager' : 'shop' },
    ...more,
  }) as KubernetesObject;

const secret = (key: object = { bytes: 100, fits: true }): PublicSecret =>
  ({ ...object('Secret', 's'), type: 'kubernetes.io/tls', data: {}, held: { 'tls.key': key }, writers: [] }) as PublicSecret;

const issued = (name: string, chain: readonly X509Certificate[], more: Partial<Issued> = {}): Issued => ({
  key: `shop/${name}`,
  certificate: object('Certificate', name),
  secret: secret(),
  chain,
  isReady: true,
  isIssuing: false,
  renewalTime: NOW + 60 * DAY,
  ...more,
});

const synced = { status: { conditions: [{ type: 'Synced', status: 'True' }] } };
const takesFurther = {
  spec: {
    sources: [
      { secret: { name: 'shop-ca-secret', key: 'tls.crt' } },
      { configMap: { selector: { matchLabels: { 'sentinel-mtls.io/further-roots': 'shop' } }, includeAllKeys: true } },
    ],
  },
};

const target = (roots: readonly Made[] | undefined, writtenAt = NOW - 3_600_000): Target => ({
  namespace: 'shop',
  roots: roots?.map(x509),
  writtenAt,
});

/** Before a rotation, unless more is said. */
function facts(more: Partial<RotationFacts> = {}): RotationFacts {
  const web = issued('web-tls', [leafOfOld]);
  return {
    subject: {
      fleet: 'shop',
      home: 'cert-manager',
      bundle: object('Bundle', 'shop-ca-bundle', { ...takesFurther, ...synced }),
      root: { certificate: object('Certificate', 'shop-ca'), isUnderRoot: false, leaves: [] },
      intermediates: [],
    },
    now: NOW,
    root: issued('shop-ca', [x509(old)]),
    intermediates: [],
    direct: [web],
    leaves: [web],
    kept: undefined,
    targets: [target([old])],
    pods: [],
    ...more,
  };
}

const kept = (age = 3_600_000): Kept => ({ object: object('ConfigMap', 'shop-old-root'), root: x509(old), createdAt: NOW - age });

/** After the new key, with both roots in the bundle. */
const withNewKey = (more: Partial<RotationFacts> = {}): RotationFacts =>
  facts({ kept: kept(), root: issued('shop-ca', [x509(next)]), targets: [target([old, next])], ...more });

const at = (given: RotationFacts): RotationStep | undefined => currentStep(stepsOf(given, GRACE));

const withBundle = (more: object): Partial<RotationFacts> => ({
  subject: { ...facts().subject, bundle: object('Bundle', 'shop-ca-bundle', more) },
});

test('a fleet that is well may begin', () => {
  expect(at(facts())).toMatchObject({ id: 'keep-old-root', state: 'now' });
});

test.each<[string, () => Partial<RotationFacts>, RegExp]>([
  ['the Bundle takes no further roots', () => withBundle({ spec: { sources: [] }, ...synced }), /takes no ConfigMaps with the label/],
  [
    'the Bundle takes one key of them',
    () => withBundle({ spec: { sources: [{ configMap: { selector: { matchLabels: {} }, key: 'x' } }] }, ...synced }),
    /takes no ConfigMaps/,
  ],
  [
    'the Bundle is not synced',
    () => withBundle({ ...takesFurther, status: { conditions: [{ type: 'Synced', status: 'False', message: 'boom' }] } }),
    /is not synced: boom/,
  ],
  ['trust-manager has not seen it', () => withBundle(takesFurther), /trust-manager has not looked at it/],
  ['the Bundle goes nowhere', () => ({ targets: [] }), /goes to no namespace/],
  ['a namespace has no bundle', () => ({ targets: [target([old]), target(undefined)] }), /namespace shop has no bundle/],
  ['a namespace trusts another root', () => ({ targets: [target([next])] }), /does not trust the root that signs now/],
  [
    'the root’s key does not fit',
    () => ({ root: issued('shop-ca', [x509(old)], { secret: secret({ bytes: 9, fits: false }) }) }),
    /no certificate with its key/,
  ],
  ['the root is not ready', () => ({ root: issued('shop-ca', [x509(old)], { isReady: false }) }), /is not ready/],
  ['the root is being issued', () => ({ root: issued('shop-ca', [x509(old)], { isIssuing: true }) }), /is being issued/],
  [
    'the root is due today',
    () => ({ root: issued('shop-ca', [x509(old)], { renewalTime: NOW + 3_600_000 }) }),
    /in the middle of a rotation/,
  ],
  ['a leaf is of another root', () => ({ leaves: [issued('web-tls', [leafOfNew])] }), /web-tls does not lead to the root that signs now/],
])('it does not begin when %s', (_, more, evidence) => {
  expect(at(facts(more()))).toMatchObject({
    id: 'keep-old-root',
    state: 'blocked',
    evidence: [expect.stringMatching(evidence)],
    next: expect.any(String),
  });
});

test('the key stays until trust-manager has had its time, and while a bundle lacks the old root', () => {
  expect(at(facts({ kept: kept(3_000) }))).toMatchObject({ id: 'old-root-kept', state: 'waits' });
  expect(at(facts({ kept: kept(), targets: [target([])] }))).toMatchObject({ id: 'old-root-kept', state: 'waits' });
  expect(at(facts({ kept: kept(), ...withBundle({ spec: { sources: [] }, ...synced }) }))).toMatchObject({
    id: 'old-root-kept',
    state: 'blocked',
  });
  expect(at(facts({ kept: kept() }))).toMatchObject({ id: 'new-root', state: 'now' });
});

test('what the root signs and is due before everybody trusts the new one is renewed first', () => {
  const due = issued('web-tls', [leafOfOld], { renewalTime: NOW + 300_000 });
  expect(at(facts({ kept: kept(), direct: [due] }))).toMatchObject({
    id: 'renew-due',
    state: 'now',
    evidence: ['shop/web-tls is due on 2026-06-01 12:05'],
  });
  expect(at(facts({ kept: kept(), direct: [{ ...due, renewalTime: NOW + 600_000 }] }))).toMatchObject({ id: 'new-root' });
  expect(at(facts({ kept: kept(), direct: [{ ...due, isIssuing: true }] }))).toMatchObject({ id: 'renew-due', state: 'waits' });
  // below an intermediate a renewal changes no root
  expect(at(facts({ kept: kept(), direct: [], leaves: [due] }))).toMatchObject({ id: 'new-root' });
});

test('a certificate that a renewal gives no rest is in the way', async () => {
  const short = x509(await make({ dnsNames: ['web'], now: NOW, from: 0 }, old));
  const due = issued('web-tls', [short], { renewalTime: NOW + 300_000 });
  expect(at(facts({ kept: kept(), direct: [due] }))).toMatchObject({
    id: 'renew-due',
    state: 'blocked',
    evidence: ['shop/web-tls is renewed again within 8 minutes of each renewal'],
  });
});

test('while cert-manager has no key to sign with, nothing is done twice; when it could not make one, somebody has to look', () => {
  const root = (more: Partial<Issued>): RotationFacts => facts({ kept: kept(), root: issued('shop-ca', [x509(old)], more) });
  expect(at(root({ secret: secret({ bytes: 0 }) }))).toMatchObject({ id: 'new-root', state: 'waits' });
  expect(at(root({ secret: undefined, chain: [] }))).toMatchObject({ id: 'new-root', state: 'waits' });
  expect(at(root({ isIssuing: true }))).toMatchObject({ id: 'new-root', state: 'waits' });
  const failed = object('Certificate', 'shop-ca', {
    status: {
      lastFailureTime: new Date(NOW).toISOString(),
      conditions: [{ type: 'Issuing', status: 'False', reason: 'Failed', message: 'no' }],
    },
  });
  expect(at(root({ certificate: failed }))).toMatchObject({
    id: 'new-root',
    state: 'blocked',
    evidence: ['cert-manager could not issue shop/shop-ca: Failed: no'],
  });
  const torn = withNewKey({ root: issued('shop-ca', [x509(next)], { secret: secret({ bytes: 9, fits: false }) }) });
  expect(at(torn)).toMatchObject({ id: 'new-root', state: 'waits' });
});

test('the same key in another certificate is no new key', async () => {
  const again = x509(await make({ commonName: 'root', isCa: true, now: NOW, key: old.key }));
  expect(at(facts({ kept: kept(), root: issued('shop-ca', [again]) }))).toMatchObject({ id: 'new-root', state: 'now' });
});

const pod = (more: Partial<Pod>): Pod => ({ key: 'shop/web-0', namespace: 'shop', identities: [], unreadable: undefined, ...more });
const says = (trust: string, serial = serialHash(leafOfOld), spiffeId = ID): Pod =>
  pod({ identities: [{ spiffeId, serialHash: serial, trustFingerprint: trust }] });

test('nothing is renewed before every bundle and every process trusts both roots', () => {
  const both = trustFingerprint([x509(old), x509(next)]);
  const one = trustFingerprint([x509(old)]);
  expect(at(withNewKey({ targets: [target([next])] }))).toMatchObject({
    id: 'old-root-kept',
    state: 'waits',
    evidence: ['the bundle in namespace shop lacks the old root'],
  });
  expect(at(withNewKey({ targets: [target([old])] }))).toMatchObject({
    id: 'both-trusted',
    state: 'waits',
    evidence: ['the bundle in namespace shop lacks the new root'],
  });
  expect(at(withNewKey({ pods: [says(both), says(one)] }))).toMatchObject({ id: 'both-trusted', state: 'waits' });
  expect(at(withNewKey({ pods: [says(both)], targets: [target([old, next], NOW)] }))).toMatchObject({ id: 'renew-leaves', state: 'now' });
});

test('one silent process and the grace counts, from the last change of a bundle; a time that is not known never passes', () => {
  const both = trustFingerprint([x509(old), x509(next)]);
  const pods = [says(both), pod({ unreadable: 'pods/proxy may not be asked' })];
  const after = (milliseconds: number): RotationStep | undefined =>
    at(withNewKey({ pods, targets: [target([old, next], NOW - milliseconds)] }));
  expect(after(60_000)).toMatchObject({
    id: 'both-trusted',
    state: 'waits',
    evidence: ['1 of 2 pods do not say what they have (pods/proxy may not be asked); the bundles were written 60 s ago, of 180 s of grace'],
  });
  expect(after(180_000)).toMatchObject({ id: 'renew-leaves' });
  expect(at(withNewKey({ pods, targets: [target([old, next], Number.NaN)] }))).toMatchObject({ id: 'both-trusted', state: 'waits' });
  expect(at(withNewKey({ targets: [target([old, next], NOW)] }))).toMatchObject({ id: 'both-trusted', state: 'waits' });
});

test('an intermediate comes from the new root before the leaves, an upper one before a lower one, and each once', async () => {
  const [upperOld, upperNew] = [
    await make({ commonName: 'upper', isCa: true, now: NOW }, old),
    await make({ commonName: 'upper', isCa: true, now: NOW }, next),
  ];
  const lower = await make({ commonName: 'lower', isCa: true, now: NOW }, upperOld);
  const intermediates = (upper: Issued): Partial<RotationFacts> => ({
    intermediates: [upper, issued('lower', [x509(lower), x509(upperOld)])],
    leaves: [],
  });
  const evidence = ['shop/upper does not lead to the new root', 'shop/lower does not lead to the new root'];
  expect(at(withNewKey(intermediates(issued('upper', [x509(upperOld)]))))).toMatchObject({
    id: 'renew-intermediates',
    state: 'now',
    evidence,
  });
  expect(at(withNewKey(intermediates(issued('upper', [x509(upperOld)], { secret: secret({ bytes: 0 }) }))))).toMatchObject({
    id: 'renew-intermediates',
    state: 'waits',
  });
  expect(at(withNewKey(intermediates(issued('upper', [x509(upperNew)]))))).toMatchObject({
    id: 'renew-intermediates',
    state: 'now',
    evidence: evidence.slice(1),
  });
});

test('a leaf leads somewhere by signatures: right names and key identifiers alone are not enough', async () => {
  const forger = await make({ commonName: 'root', isCa: true, now: NOW });
  const forged = x509(await make({ dnsNames: ['web'], uris: [ID], now: NOW }, { ...next, key: forger.key }));
  expect(forged.checkIssued(x509(next))).toBe(true);
  expect(at(withNewKey({ leaves: [issued('web-tls', [forged])] }))).toMatchObject({ id: 'renew-leaves', state: 'now' });
});

test('a leaf that is being issued is waited for; one that was never issued holds nobody up', () => {
  expect(at(withNewKey({ leaves: [issued('web-tls', [leafOfOld], { isIssuing: true })] }))).toMatchObject({
    id: 'renew-leaves',
    state: 'waits',
  });
  const never = issued('job-tls', [], { secret: undefined, isReady: false });
  expect(at(withNewKey({ leaves: [issued('web-tls', [leafOfNew]), never] }))).toMatchObject({ id: 'remove-old-root', state: 'now' });
  expect(at(withNewKey({ leaves: [issued('web-tls', []), never] }))).toMatchObject({ id: 'renew-leaves', state: 'now' });
});

test('the old root stays while a process serves another certificate than its Secret holds', () => {
  const both = trustFingerprint([x509(old), x509(next)]);
  const leaves = [issued('web-tls', [leafOfNew])];
  expect(at(withNewKey({ leaves, pods: [says(both)] }))).toMatchObject({
    id: 'leaves-served',
    state: 'waits',
    evidence: ['the process in pod shop/web-0 serves another certificate than its Secret holds'],
  });
  expect(at(withNewKey({ leaves, pods: [says(both, serialHash(leafOfNew))] }))).toMatchObject({ id: 'remove-old-root', state: 'now' });
  // an identity that nobody issued is no proof: then the grace counts
  const fresh = { ...facts().targets[0], writtenAt: NOW - 3_600_000 } as Target;
  const unknown = says(both, serialHash(leafOfNew), 'spiffe://shop.internal/ns/shop/sa/other');
  const judged = stepsOf(withNewKey({ leaves, pods: [unknown], targets: [{ ...fresh, roots: [x509(old), x509(next)] }] }), {
    graceSeconds: 10 * 86_400,
  });
  expect(currentStep(judged)).toMatchObject({
    id: 'leaves-served',
    state: 'waits',
    evidence: [expect.stringContaining('it serves an identity that no Certificate of its namespace has')],
  });
});
