import { type MigrationFacts, migrationOf, type PortMigration } from '../../../lib/cluster/index.js';

type Service = MigrationFacts['services'][number];
type Policy = Service['policy'];
type Mode = Policy['mode'];

const NOW = Date.parse('2026-06-01T12:00:00Z');
const DAY = 86_400_000;
const ID = (service: string): string => `spiffe://shop.internal/ns/shop/sa/${service}`;

const sample = (name: string, value: number, labels: Record<string, string> = {}) => ({ name: `sentinel_mtls_${name}`, labels, value });
const QUIET = [sample('plain_connections_total', 0, { port: '8080' }), sample('mode', 1, { mode: 'strict' })];

const pod = (samples = QUIET, startedAt = NOW - 2 * DAY) => ({ key: 'shop/orders-0', startedAt, page: { samples } });

function service(
  name: string,
  mode: Mode,
  more: Partial<Service> & { readonly calls?: readonly string[]; readonly ports?: readonly string[] } = {},
): Service {
  const { calls = [], ports = [], ...rest } = more;
  const server = ports.map(port => ({ name: port, port: 8443, mode, allow: [], ...(mode === 'permissive' ? { plainPort: 8080 } : {}) }));
  const client = calls.map(callee => ({ service: callee, name: 'https', port: 8443, host: callee, spiffeId: ID(callee), mode }));
  const policy: Policy = {
    version: 1,
    fleet: 'shop',
    environment: 'dev',
    service: name,
    spiffeId: ID(name),
    mode,
    server: mode === 'disabled' ? [] : server,
    client,
  };
  return { namespace: 'shop', policy, isCertified: true, pods: [], ...rest };
}

const judged = (services: readonly Service[], broken: MigrationFacts['broken'] = []): readonly PortMigration[] =>
  migrationOf({ fleet: 'shop', environment: 'dev', now: NOW, services, broken }, { quietSeconds: 86_400 }).ports;

const orders = (mode: Mode, more: Partial<Service> = {}): Service => service('orders', mode, { ports: ['https'], pods: [pod()], ...more });
const web = (mode: Mode, more: Partial<Service> = {}): Service => service('web', mode, { calls: ['orders'], ...more });

test('a port in mode disabled is known by its callers, and a service that only calls has a line of its own', () => {
  expect(judged([orders('disabled'), web('disabled')])).toMatchObject([
    {
      service: 'orders',
      port: 'https',
      mode: 'disabled',
      nextMode: 'permissive',
      verdict: 'safe',
      edit: 'environments.dev.services.orders.mode: permissive',
    },
    { service: 'web', port: '(calls)', mode: 'disabled', verdict: 'safe', edit: 'environments.dev.services.web.mode: permissive' },
  ]);
});

test('a quiet plain port may go when everybody who calls speaks TLS', () => {
  expect(judged([orders('permissive'), web('permissive')])).toMatchObject([
    { verdict: 'safe', edit: 'environments.dev.services.orders.mode: audit' },
  ]);
  expect(judged([orders('permissive'), web('disabled')])[0]).toMatchObject({
    verdict: 'not-yet',
    evidence: expect.arrayContaining(['web calls it, and is itself in mode disabled']),
  });
  const plainProcess = web('permissive', {
    pods: [{ key: 'shop/web-0', startedAt: NOW - DAY, page: { samples: [sample('mode', 1, { mode: 'disabled' })] } }],
  });
  expect(judged([orders('permissive'), plainProcess])[0]).toMatchObject({
    verdict: 'not-yet',
    evidence: expect.arrayContaining(['the process of a caller in pod shop/web-0 runs in mode disabled']),
  });
});

test.each<[string, Service['pods'], RegExp]>([
  ['no pod runs', [], /^no pod of orders runs/],
  [
    'a pod can’t be asked',
    [{ key: 'shop/orders-1', startedAt: NOW - 2 * DAY, page: { unreadable: 'pods/proxy may not be asked' } }, pod()],
    /can't be read: pods\/proxy/,
  ],
  ['a pod does not count', [pod([sample('ready', 1)])], /does not count connections to its plain port 8080$/],
  ['another port is counted', [pod([sample('plain_connections_total', 0, { port: '81' })])], /does not count/],
  [
    'somebody connected',
    [pod([sample('plain_connections_total', 2, { port: '8080' })])],
    /^2 plain connections to port 8080 of pod shop\/orders-0 since 2026-05-30 12:00$/,
  ],
  ['a pod is too young', [pod(QUIET, NOW - DAY / 2)], /less than 24 hours/],
  ['the age of a pod is not known', [pod(QUIET, Number.NaN)], /counts since an unknown time/],
])('the plain port stays when %s', (_, pods, evidence) => {
  const [port] = judged([orders('permissive', { pods }), web('permissive')]);
  expect(port).toMatchObject({ verdict: 'not-yet', edit: undefined, evidence: [expect.stringMatching(evidence)] });
});

test('strict comes when nobody was let through that it would refuse; what was refused anyway does not count', () => {
  const denial = (enforced: string, port = '8443') =>
    sample('denials_total', 2, { port, peer: ID('job'), reason: 'peer-not-listed', enforced });
  expect(judged([orders('audit', { pods: [pod([...QUIET, denial('true'), denial('false', '9')])] })])).toMatchObject([{ verdict: 'safe' }]);
  expect(judged([orders('audit', { pods: [pod([...QUIET, denial('false')])] })])).toMatchObject([
    {
      verdict: 'not-yet',
      evidence: [expect.stringMatching(/^2 requests .*: spiffe:\/\/shop\.internal\/ns\/shop\/sa\/job \(peer-not-listed, 2\)$/)],
    },
  ]);
  expect(judged([orders('strict')])).toMatchObject([{ verdict: 'done', nextMode: undefined, edit: undefined }]);
});

test('the mode is that of a service: one port that is not ready keeps all of them', async () => {
  const two = service('orders', 'permissive', { ports: ['admin', 'https'], pods: [pod()] });
  const loud = {
    ...two,
    policy: { ...two.policy, server: two.policy.server.map(port => (port.name === 'admin' ? { ...port, plainPort: 8081 } : port)) },
  };
  expect(judged([loud])).toMatchObject([
    { port: 'admin', verdict: 'not-yet', edit: undefined },
    { port: 'https', verdict: 'safe', edit: undefined },
  ]);
});

test('an allow-list that no process reads holds everything up', () => {
  const broken = [{ key: 'shop/stock-mtls-policy', reason: 'it is no JSON' }];
  expect(judged([orders('audit')], broken)).toMatchObject([
    { verdict: 'not-yet', evidence: expect.arrayContaining([expect.stringContaining('shop/stock-mtls-policy is read by no process')]) },
  ]);
});
