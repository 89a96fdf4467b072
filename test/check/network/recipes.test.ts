import { calleesOf, callersOf, networkOf, outside, pods, policy } from './_yaml';

/** ahmetb/kubernetes-network-policy-recipes, by its numbers; the policies are retyped in short form. */
const SHOP = pods(
  'default/web app=web',
  'default/api app=bookstore role=api',
  'default/search app=bookstore role=search',
  'default/foo app=foo',
  'other/client app=client',
  'prod/client type=monitoring',
  'prod/plain app=plain',
);
const PROD = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: prod, labels: { purpose: production, team: operations } }\n';
const with_ = (...policies: readonly string[]) => networkOf(SHOP, PROD, ...policies);
const ALL_OTHERS = ['default/api', 'default/foo', 'default/search', 'other/client', 'prod/client', 'prod/plain'];
const EVERYWHERE = '0.0.0.0/0 ::/0: all ports';
const names = (list: readonly string[]): string[] => list.map(line => line.split(':')[0] ?? '');
const WEB = 'podSelector: { matchLabels: { app: web } }';

describe('the well-known recipes', () => {
  test('01 deny all traffic to an application', () => {
    const network = with_(policy('default/web-deny-all', `${WEB}\ningress: []`));
    expect(callersOf(network, 'default/web')).toEqual([]);
    expect(calleesOf(network, 'default/web')).toHaveLength(6);
  });

  test('02 limit traffic to an application', () => {
    const network = with_(
      policy(
        'default/api-allow',
        'podSelector: { matchLabels: { app: bookstore, role: api } }\ningress:\n  - from: [{ podSelector: { matchLabels: { app: bookstore } } }]',
      ),
    );
    expect(callersOf(network, 'default/api')).toEqual(['default/search: all ports']);
  });

  test('02a allow all traffic to an application, whatever denies it', () => {
    const network = with_(policy('default/deny', 'podSelector: {}\ningress: []'), policy('default/web-allow-all', `${WEB}\ningress: [{}]`));
    expect(names(callersOf(network, 'default/web'))).toEqual(ALL_OTHERS);
    expect(callersOf(network, 'default/foo')).toEqual([]);
  });

  test('03 deny all non-whitelisted traffic in the namespace', () => {
    const network = with_(policy('default/default-deny-all', 'podSelector: {}\ningress: []'));
    for (const pod of ['web', 'api', 'search', 'foo']) expect(callersOf(network, `default/${pod}`)).toEqual([]);
    expect(names(callersOf(network, 'other/client'))).toHaveLength(6);
  });

  test('04 deny all traffic from other namespaces', () => {
    const network = with_(
      policy('default/deny-from-other-namespaces', 'podSelector: { matchLabels: }\ningress:\n  - from: [{ podSelector: {} }]'),
    );
    expect(names(callersOf(network, 'default/web'))).toEqual(['default/api', 'default/foo', 'default/search']);
    expect(outside(network, 'default/web', 'ingress')).toEqual([]);
  });

  test('05 allow traffic to an application from all namespaces', () => {
    const network = with_(policy('default/web-allow-all-namespaces', `${WEB}\ningress:\n  - from: [{ namespaceSelector: {} }]`));
    expect(names(callersOf(network, 'default/web'))).toEqual(ALL_OTHERS);
    expect(outside(network, 'default/web', 'ingress')).toEqual([]);
  });

  test('06 allow all traffic from a namespace', () => {
    const network = with_(
      policy('default/web-allow-prod', `${WEB}\ningress:\n  - from: [{ namespaceSelector: { matchLabels: { purpose: production } } }]`),
    );
    expect(names(callersOf(network, 'default/web'))).toEqual(['prod/client', 'prod/plain']);
  });

  test('07 allow traffic from some pods in another namespace', () => {
    const network = with_(
      policy(
        'default/web-allow-all-ns-monitoring',
        `${WEB}\ningress:\n  - from: [{ namespaceSelector: { matchLabels: { team: operations } }, podSelector: { matchLabels: { type: monitoring } } }]`,
      ),
    );
    expect(names(callersOf(network, 'default/web'))).toEqual(['prod/client']);
  });

  test('08 allow traffic from external clients', () => {
    const network = with_(
      policy('default/deny', 'podSelector: {}\ningress: []'),
      policy('default/web-allow-external', `${WEB}\ningress: [{ from: [] }]`),
    );
    expect(outside(network, 'default/web', 'ingress')).toEqual([EVERYWHERE]);
    expect(names(callersOf(network, 'default/web'))).toEqual(ALL_OTHERS);
  });

  test('09 allow traffic only to a port of an application', () => {
    const network = with_(
      policy(
        'default/api-allow-5000',
        `${WEB}\ningress: [{ ports: [{ port: 5000 }], from: [{ podSelector: { matchLabels: { role: api } } }] }]`,
      ),
    );
    expect(callersOf(network, 'default/web')).toEqual(['default/api: TCP 5000']);
  });

  test('10 allow traffic from several selectors', () => {
    const network = with_(
      policy(
        'default/web-allow-services',
        `${WEB}\ningress: [{ from: [{ podSelector: { matchLabels: { app: bookstore, role: search } } }, { podSelector: { matchLabels: { app: foo } } }] }]`,
      ),
    );
    expect(names(callersOf(network, 'default/web'))).toEqual(['default/foo', 'default/search']);
  });

  test('11 deny egress traffic from an application, but for names', () => {
    const foo = 'podSelector: { matchLabels: { app: foo } }\npolicyTypes: [Egress]';
    const denied = with_(policy('default/foo-deny-egress', `${foo}\negress: []`));
    expect([...calleesOf(denied, 'default/foo'), ...outside(denied, 'default/foo', 'egress')]).toEqual([]);
    const dns = with_(
      policy('default/foo-deny-egress', `${foo}\negress: [{ ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }] }]`),
    );
    expect(calleesOf(dns, 'default/foo')).toContain('other/client: TCP 53, UDP 53');
    expect(outside(dns, 'default/foo', 'egress')).toEqual(['0.0.0.0/0 ::/0: TCP 53, UDP 53']);
  });

  test('12 deny all non-whitelisted traffic from a namespace', () => {
    const network = with_(policy('default/default-deny-all-egress', 'policyTypes: [Egress]\npodSelector: {}\negress: []'));
    for (const pod of ['web', 'api', 'search', 'foo']) expect(calleesOf(network, `default/${pod}`)).toEqual([]);
    expect(names(calleesOf(network, 'other/client'))).toHaveLength(6);
  });

  test('14 deny external egress traffic', () => {
    const network = with_(
      policy(
        'default/foo-deny-external-egress',
        'podSelector: { matchLabels: { app: foo } }\npolicyTypes: [Egress]\negress: [{ to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: client } } }], ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }] }, { to: [{ namespaceSelector: {} }] }]',
      ),
    );
    expect(outside(network, 'default/foo', 'egress')).toEqual([]);
    expect(names(calleesOf(network, 'default/foo'))).toHaveLength(6);
  });
});
