import { Authority } from '../../lib/constructs/authority';
import type { Plan } from '../../lib/fleet/plan';
import { CLUSTER_ISSUER, selfSignedAuthority, sentinelPlan, service, vaultAuthority } from './_plan';
import { byName, files, named, synth } from './_synth';

const objectsOf = (plan: Plan) => synth(chart => new Authority(chart, 'authority', { plan }));
const filesOf = (plan: Plan) => files(scope => new Authority(scope, 'authority', { plan }));

describe('a self-signed authority', () => {
  test('is a self-signed issuer, a root and an issuer of the root', () => {
    // GIVEN a fleet that makes its own root
    const objects = objectsOf(sentinelPlan());
    // THEN the chain of issuers ends in the name that users know
    expect(Object.keys(byName(objects, 'ClusterIssuer'))).toEqual(['sentinel-selfsigned-issuer', 'sentinel-ca-issuer']);
    expect(named(objects, 'ClusterIssuer', 'sentinel-ca-issuer').spec).toEqual({ ca: { secretName: 'sentinel-ca-secret' } });
    expect(objects).toMatchSnapshot();
  });

  test('has a root that may sign, lives in canonical durations and keeps its key', () => {
    const { spec } = named(objectsOf(sentinelPlan()), 'Certificate', 'sentinel-ca');
    expect(spec.isCA).toBe(true);
    expect(spec.usages).toEqual(['digital signature', 'cert sign', 'crl sign']);
    expect([spec.duration, spec.renewBefore]).toEqual(['87600h0m0s', '2160h0m0s']);
    expect(spec.privateKey).toEqual({ algorithm: 'RSA', size: 4096, encoding: 'PKCS8', rotationPolicy: 'Never' });
    expect(spec.revisionHistoryLimit).toBe(1);
  });

  test('signs leaves with the intermediate where there is one', () => {
    // GIVEN an intermediate
    const objects = objectsOf(sentinelPlan({ authority: selfSignedAuthority(true) }));
    // THEN the root signs it, and it signs the rest
    expect(named(objects, 'ClusterIssuer', 'sentinel-root-issuer').spec.ca.secretName).toBe('sentinel-ca-secret');
    expect(named(objects, 'Certificate', 'sentinel-intermediate-ca').spec.issuerRef.name).toBe('sentinel-root-issuer');
    expect(named(objects, 'ClusterIssuer', 'sentinel-ca-issuer').spec.ca.secretName).toBe('sentinel-intermediate-ca-secret');
  });

  test('lies in one namespace when the issuer does', () => {
    // GIVEN a namespaced issuer
    const issuer = { name: 'sentinel-ca-issuer', kind: 'Issuer', group: 'cert-manager.io' };
    const base = selfSignedAuthority();
    const root = { ...base.root, namespace: 'sentinel-system', issuerRef: { ...issuer, name: 'sentinel-selfsigned-issuer' } };
    const objects = objectsOf(sentinelPlan({ authority: { ...base, issuerRef: issuer, issuerNamespace: 'sentinel-system', root } }));
    // THEN every object is in it
    expect(objects.map(object => object.metadata.namespace)).toEqual(['sentinel-system', 'sentinel-system', 'sentinel-system']);
    expect(byName(objects, 'ClusterIssuer')).toEqual({});
  });
});

test('an existing authority is an issuer of its Secret and nothing else', () => {
  const objects = objectsOf(
    sentinelPlan({ authority: { kind: 'existing', issuerRef: CLUSTER_ISSUER, issuerNamespace: undefined, secretName: 'corp-ca' } }),
  );
  expect(objects.map(object => [object.kind, object.spec])).toEqual([['ClusterIssuer', { ca: { secretName: 'corp-ca' } }]]);
});

test('an external authority makes nothing', () => {
  const issuerRef = { name: 'corp', kind: 'StepClusterIssuer', group: 'certmanager.step.sm' };
  expect(objectsOf(sentinelPlan({ authority: { kind: 'external', issuerRef, issuerNamespace: undefined } }))).toEqual([]);
});

describe('a Vault authority', () => {
  const plan = sentinelPlan({ authority: vaultAuthority() });

  test('logs in with an account whose token cert-manager may ask for, and no other', () => {
    const objects = objectsOf(plan);
    expect(named(objects, 'ClusterIssuer', 'sentinel-ca-issuer').spec.vault.path).toBe('pki_int/sign/sentinel');
    expect(named(objects, 'Role', 'sentinel-vault-issuer-token').rules).toEqual([
      { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: ['sentinel-vault-issuer'], verbs: ['create'] },
    ]);
    expect(named(objects, 'RoleBinding', 'sentinel-vault-issuer-token').subjects).toEqual([
      { kind: 'ServiceAccount', name: 'cert-manager', namespace: 'cert-manager' },
    ]);
    expect(objects).toMatchSnapshot();
  });

  test('makes no account where one was named', () => {
    const authority = vaultAuthority();
    const auth = { ...authority.vault.auth, createServiceAccount: false };
    const objects = objectsOf(sentinelPlan({ authority: { ...authority, vault: { ...authority.vault, auth } } as Plan['authority'] }));
    expect(objects.map(object => object.kind)).toEqual(['ClusterIssuer']);
  });

  test('comes with a PKI role for exactly the names of the fleet', () => {
    const role = JSON.parse(filesOf(plan)['vault/role.json'] ?? '');
    expect(role.allowed_domains).toContain('control-api.sentinel-system.svc.cluster.local');
    expect(role.allowed_domains).toHaveLength(4 * plan.services.length);
    expect(role.allowed_uri_sans).toEqual(plan.services.map(found => found.spiffeId).sort());
    expect(role).toMatchObject({ allow_any_name: false, allow_subdomains: false, allow_glob_domains: false, allow_ip_sans: false });
    expect(role).toMatchObject({ require_cn: false, key_type: 'rsa', key_bits: 2048, max_ttl: '7776000s' });
    expect(role).toMatchObject({ server_flag: true, client_flag: true, key_usage: ['DigitalSignature', 'KeyEncipherment'] });
    expect(filesOf(plan)['vault/policy.hcl']).toMatchSnapshot();
  });

  test('has a role that follows what the certificates ask for', () => {
    // GIVEN one service that only serves, with an EC key, an address and a wildcard
    const only = service('solo', {
      certificate: {
        dnsNames: ['*.solo.sentinel-system.svc'],
        ipAddresses: ['192.0.2.1'],
        usages: ['digital signature', 'server auth'],
        key: { algorithm: 'ECDSA', size: 384, encoding: 'PKCS8', rotationPolicy: 'Always' },
      },
    });
    const role = JSON.parse(filesOf(sentinelPlan({ ...plan, services: [only] }))['vault/role.json'] ?? '');
    // THEN the role signs that and no more
    expect(role).toMatchObject({ key_type: 'ec', key_bits: 384, server_flag: true, client_flag: false, allow_ip_sans: true });
    expect(role).toMatchObject({ allow_glob_domains: true, allow_wildcard_certificates: true });
  });
});

test('a public authority is an ACME issuer with an account key of its own', () => {
  const issuerRef = { name: 'sentinel-public-issuer', kind: 'ClusterIssuer', group: 'cert-manager.io' };
  const solvers = [{ http01: { ingress: { ingressClassName: 'nginx' } } }];
  const publicAuthority = {
    issuerRef,
    server: 'https://acme.example.com/directory',
    email: 'ops@example.com',
    profile: 'tlsserver',
    solvers,
  };
  const { spec } = named(objectsOf(sentinelPlan({ publicAuthority })), 'ClusterIssuer', 'sentinel-public-issuer');
  expect(spec.acme).toMatchObject({ profile: 'tlsserver', solvers, privateKeySecretRef: { name: 'sentinel-public-issuer-account-key' } });
});
