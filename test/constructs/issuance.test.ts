import { Issuance } from '../../lib/constructs/issuance';
import type { IssuerRef, Plan } from '../../lib/fleet/plan';
import { CLUSTER_ISSUER, selfSignedAuthority, sentinelPlan, withService } from './_plan';
import { byName, named, type Rendered, synth } from './_synth';

const objectsOf = (plan: Plan, otherIssuers: readonly IssuerRef[] = []) =>
  synth(chart => new Issuance(chart, 'issuance', { plan: { ...plan, otherIssuers } }));
const policyOf = (plan: Plan, name: string): Rendered => named(objectsOf(plan), 'CertificateRequestPolicy', name);

/** Whether a selector of approver-policy matches an issuer; a part that is absent matches everything. */
function selects(policy: Rendered, issuer: IssuerRef): boolean {
  const { issuerRef } = policy.spec.selector;
  return (['name', 'kind', 'group'] as const).every(part => issuerRef[part] === undefined || issuerRef[part] === issuer[part]);
}

describe('the issuance plane', () => {
  test('is empty unless it was asked for', () => {
    expect(objectsOf(sentinelPlan({ issuance: false }))).toEqual([]);
  });

  test('allows a service its own names, key, lifetime and usages, and nothing else', () => {
    const objects = objectsOf(sentinelPlan());
    const { spec } = named(objects, 'CertificateRequestPolicy', 'sentinel-service-nightly-report');
    expect(spec.allowed.uris.values).toEqual(['spiffe://sentinel.internal/ns/sentinel-system/sa/nightly-report']);
    expect(spec.allowed.usages).toEqual(['digital signature', 'key encipherment', 'client auth']);
    expect(Object.keys(spec.allowed).sort()).toEqual(['dnsNames', 'uris', 'usages']);
    expect(spec.constraints).toEqual({
      minDuration: '2160h0m0s',
      maxDuration: '2160h0m0s',
      privateKey: { algorithm: 'RSA', minSize: 2048, maxSize: 2048 },
    });
    expect(spec.selector).toEqual({ issuerRef: CLUSTER_ISSUER, namespace: { matchNames: ['sentinel-system'] } });
    expect(objects).toMatchSnapshot();
  });

  test('ties an identity to the one Certificate that asks for it', () => {
    const [{ rule }] = policyOf(sentinelPlan(), 'sentinel-service-control-api').spec.allowed.uris.validations;
    const pattern = /^cr\.name\.matches\('(.*)'\)$/.exec(rule)?.[1] ?? 'no rule';
    expect('control-api-tls-12').toMatch(new RegExp(pattern));
    for (const other of ['control-api-tls-copy-1', 'evil-control-api-tls-1', 'control-api-tls'])
      expect(other).not.toMatch(new RegExp(pattern));
  });

  test('takes a declared wildcard as a name, not as a pattern', () => {
    const plan = withService(sentinelPlan(), 'ledger', found => ({
      ...found,
      certificate: { ...found.certificate, dnsNames: ['*.ledger.sentinel-data.svc'] },
    }));
    const { dnsNames } = policyOf(plan, 'sentinel-service-ledger').spec.allowed;
    expect(dnsNames.validations).toContainEqual(expect.objectContaining({ rule: "self in ['*.ledger.sentinel-data.svc']" }));
  });

  test('covers the certificates of the authorities themselves', () => {
    const plan = sentinelPlan({ authority: selfSignedAuthority(true) });
    const { spec } = policyOf(plan, 'sentinel-authority-intermediate');
    expect(spec.allowed).toMatchObject({ isCA: true, usages: ['digital signature', 'cert sign', 'crl sign'] });
    expect(spec.selector.issuerRef.name).toBe('sentinel-root-issuer');
    expect(policyOf(plan, 'sentinel-authority-root').spec.selector.issuerRef.name).toBe('sentinel-selfsigned-issuer');
  });

  test('lets cert-manager use each policy in the one namespace that it is for', () => {
    const objects = objectsOf(sentinelPlan());
    const roles = objects.filter(object => object.kind === 'Role');
    expect(roles.map(role => [role.metadata.namespace, role.rules[0].resourceNames.length])).toEqual([
      ['sentinel-system', 6],
      ['sentinel-data', 1],
      ['cert-manager', 1],
    ]);
    for (const role of roles) expect(role.rules[0].verbs).toEqual(['use']);
    const used = objects.filter(object => /Role$/.test(object.kind)).flatMap(role => role.rules[0].resourceNames);
    expect(used.sort()).toEqual(Object.keys(byName(objects, 'CertificateRequestPolicy')).sort());
  });
});

describe('issuers of other teams', () => {
  const othersOf = (plan: Plan, issuers: readonly IssuerRef[] = []) =>
    Object.values(byName(objectsOf(plan, issuers), 'CertificateRequestPolicy')).filter(policy =>
      policy.metadata.name.startsWith('sentinel-others-'),
    );

  test('go on where they are namespaced, and no such policy covers an issuer of the fleet', () => {
    const plan = sentinelPlan({ authority: selfSignedAuthority(true) });
    const others = othersOf(plan);
    expect(others.map(policy => policy.spec.selector.issuerRef)).toEqual([{ kind: 'Issuer', group: 'cert-manager.io' }]);
    for (const name of ['sentinel-ca-issuer', 'sentinel-root-issuer', 'sentinel-selfsigned-issuer']) {
      for (const policy of others) expect(selects(policy, { ...CLUSTER_ISSUER, name })).toBe(false);
    }
  });

  test('go on where they were named', () => {
    const corp = { name: 'corp', kind: 'ClusterIssuer', group: 'cert-manager.io' };
    const others = othersOf(sentinelPlan(), [corp]);
    expect(others.filter(policy => selects(policy, corp))).toHaveLength(1);
    expect(others.filter(policy => selects(policy, CLUSTER_ISSUER))).toEqual([]);
  });

  test('can be neither the issuer of the fleet nor a pattern that may cover it', () => {
    expect(() => othersOf(sentinelPlan(), [CLUSTER_ISSUER])).toThrow("can't be one of the other issuers");
    expect(() => othersOf(sentinelPlan(), [{ ...CLUSTER_ISSUER, name: 'sentinel-*' }])).toThrow('is a pattern');
  });

  test('are told apart by the namespace of the request where the fleet has a namespaced issuer', () => {
    const base = selfSignedAuthority();
    const issuer = { ...CLUSTER_ISSUER, kind: 'Issuer' };
    const root = { ...base.root, issuerRef: { ...issuer, name: 'sentinel-selfsigned-issuer' } };
    const others = othersOf(sentinelPlan({ authority: { ...base, root, issuerRef: issuer, issuerNamespace: 'sentinel-system' } }));
    expect(others.map(policy => policy.spec.selector.issuerRef.kind)).toEqual(['Issuer', 'ClusterIssuer']);
    const [namespaces, cluster] = others;
    const rule = "!(cr.namespace in ['sentinel-data', 'sentinel-system'])";
    for (const field of ['commonName', 'dnsNames', 'emailAddresses', 'ipAddresses', 'uris']) {
      expect(namespaces?.spec.allowed[field].validations).toEqual([expect.objectContaining({ rule })]);
      expect(cluster?.spec.allowed[field]).not.toHaveProperty('validations');
    }
  });
});
