import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createSecureContext } from 'node:tls';
import type { KeySpec } from '../../../lib/pki/x509-keys.js';
import { authorizeAny, authorizeDnsName, authorizeSpiffeId } from '../src/index.js';
import { filesOf, PORT, policyOf } from './_folder.js';
import { codeOf, get, Party, until } from './_mtls.js';
import { CLIENT_AUTH, hostOf, idOf, type Leaf, type LeafProps, SERVER_AUTH, TestAuthority, USAGE } from './_pki.js';

let root: TestAuthority;
let api: Party;
let port: number;
const parties: Party[] = [];

beforeAll(async () => {
  root = await TestAuthority.make('root');
  api = await Party.open(filesOf(await root.issue('api'), [root], policyOf({ service: 'api', allow: ['web'] })));
  ({ port } = await api.serve());
});
afterEach(async () => {
  for (const party of parties.splice(0)) await party.close();
});
afterAll(() => api.close());

/** Calls with a certificate of any kind, and says what the server counted. */
async function callWith(leaf: Leaf | undefined, at = { party: api, port }): Promise<string> {
  const rows = (): string[] =>
    at.party.mtls.metrics
      .text()
      .split('\n')
      .filter(line => line.startsWith('sentinel_mtls_handshakes_total{side="server"'));
  const before = rows();
  await new Promise<void>(resolve => {
    const socket = connect({
      port: at.port,
      host: '127.0.0.1',
      servername: hostOf('api'),
      rejectUnauthorized: false,
      ...leaf,
      ciphers: 'ALL:TLS_AES_128_GCM_SHA256:@SECLEVEL=0',
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.once('secureConnect', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'));
    socket.resume();
  });
  await until(() => rows().join() !== before.join(), 'a count');
  const row = rows().find(line => !before.includes(line)) ?? '';
  return /result="(\w+)",reason="([\w-]+)"/.exec(row)?.slice(1).join(' ') ?? 'nothing';
}

const issue = async (props: LeafProps, authority = root): Promise<Leaf> => authority.issue('web', props);

/** What `openssl req -x509` makes, as guides for development have it. */
function selfSigned(): Leaf {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-self-'));
  const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '365', '-subj', '/CN=localhost'],
    { stdio: 'ignore' },
  );
  const leaf = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return leaf;
}

async function open(...args: Parameters<typeof Party.open>): Promise<Party> {
  const party = await Party.open(...args);
  parties.push(party);
  return party;
}

test('[20] an own certificate that expires stays served, and is not ready', async () => {
  const party = await open(filesOf(await root.issue('api', { from: -2, to: 0.0005 }), [root], policyOf({ service: 'api' })));
  expect(party.mtls.source.readiness().ready).toBe(true);
  expect(party.events('certificate-expires-soon')).toHaveLength(1);
  await until(() => !party.mtls.source.readiness().ready, 'the expiry');
  expect(party.mtls.source.readiness()).toEqual({ ready: false, reason: 'leaf-expired' });
  await party.mtls.refresh();
  expect(party.events('leaf-outside-validity')).toHaveLength(1);
  expect(party.mtls.source.metricsText()).toContain('sentinel_mtls_ready 0');
  await party.swap(filesOf(await root.issue('api'), [root], policyOf({ service: 'api' })));
  expect(party.mtls.source.readiness().ready).toBe(true);
});

test('[21] a certificate that is not valid yet waits until it is', async () => {
  const now = await root.issue('api');
  const soon = await root.issue('api', { from: 0.0005 });
  const party = await open(filesOf(now, [root], policyOf({ service: 'api' })));
  await party.swap(filesOf(soon, [root], policyOf({ service: 'api' })));
  expect(party.mtls.current().number).toBe(1);
  expect(party.mtls.source.refusals.map(({ code }) => code)).toEqual(['leaf-not-yet-valid']);
  const deadline = performance.now() + 10_000;
  while (party.mtls.current().number === 1 && performance.now() < deadline) await party.mtls.refresh();
  expect(party.mtls.current().number).toBe(2);
});

test.each([
  ['expired', { from: -48, to: -1 }, 'peer-expired'],
  ['expired five minutes ago', { from: -48, to: -5 / 60 }, 'peer-expired'],
  ['not valid yet', { from: 1 }, 'peer-not-yet-valid'],
  ['valid in five minutes', { from: 5 / 60 }, 'peer-not-yet-valid'],
] as const)('[22] a peer whose certificate is %s is refused', async (_name, props, reason) => {
  expect(await callWith(await issue(props))).toBe(`refused ${reason}`);
});

test('[23] a caller with server auth only is refused, and so is a server with client auth only', async () => {
  expect(await callWith(await issue({ extendedKeyUsages: [SERVER_AUTH] }))).toBe('refused peer-wrong-usage');
  const web = await open(filesOf(await root.issue('web'), [root], policyOf({ service: 'web', calls: ['api'] })));
  const wrong = await open(
    filesOf(await root.issue('api', { extendedKeyUsages: [CLIENT_AUTH] }), [root], policyOf({ service: 'api', allow: ['web'] })),
  );
  const { port: wrongPort } = await wrong.serve();
  await codeOf(get(web.agentTo(wrongPort), 'api'));
  expect(web.count('sentinel_mtls_handshakes_total', { side: 'client', reason: 'peer-wrong-usage' })).toBe(1);
});

test.each([
  ['[24] a leaf that is a CA', { isCa: true }, 'peer-is-ca'],
  ['[24] a leaf that may sign certificates', { keyUsage: USAGE.digitalSignature | USAGE.keyCertSign }, 'peer-key-usage'],
  ['[24] a leaf that may sign CRLs', { keyUsage: USAGE.digitalSignature | USAGE.cRLSign }, 'peer-key-usage'],
  // 16: keyAgreement
  ['[25] a leaf without digitalSignature', { keyUsage: 16 }, 'peer-key-usage'],
  ['[27] a name only in the subject', { uris: [], dnsNames: [], subject: `CN=${idOf('web').replaceAll('/', '\\/')}` }, 'peer-no-identity'],
  ['[28] a wildcard DNS name', { uris: [], dnsNames: ['*.prod.svc.cluster.local'] }, 'peer-no-identity'],
  ['[29] no URI name', { uris: [] }, 'peer-no-identity'],
  ['[29] two URI names', { uris: [idOf('web'), idOf('job')] }, 'peer-many-identities'],
  ['[29] the same URI name twice', { uris: [idOf('web'), idOf('web')] }, 'peer-many-identities'],
  ['[29] another trust domain', { uris: ['spiffe://other.test/ns/prod/sa/web'] }, 'peer-not-listed'],
  ['[29] a trailing slash', { uris: [`${idOf('web')}/`] }, 'peer-invalid-identity'],
  ['[29] an upper-case scheme', { uris: [idOf('web').replace('spiffe', 'SPIFFE')] }, 'peer-invalid-identity'],
  ['[29] an upper-case trust domain', { uris: [idOf('web').replace('sentinel', 'Sentinel')] }, 'peer-invalid-identity'],
  ['[29] percent-encoding', { uris: [idOf('web').replace('web', '%77eb')] }, 'peer-invalid-identity'],
  ['[29] path traversal', { uris: [idOf('job/../web')] }, 'peer-invalid-identity'],
  ['[29] no path', { uris: ['spiffe://sentinel.test'] }, 'peer-invalid-identity'],
  ['[30] an ID inside of a DNS name', { uris: [], dnsNames: [`x.test, URI:${idOf('web')}`] }, 'peer-no-identity'],
  ['[30] an ID inside of a DNS name in quotes', { uris: [], dnsNames: [`x", URI:"${idOf('web')}`] }, 'peer-no-identity'],
  ['[30] two IDs in one URI', { uris: [`${idOf('job')}, URI:${idOf('web')}`] }, 'peer-invalid-identity'],
] as readonly (readonly [string, LeafProps, string])[])('%s admits nobody', async (_name, props, reason) => {
  expect(await callWith(await issue(props))).toBe(`refused ${reason}`);
});

// the table of scenarios reads names at the start of a line
test('[24][25][27][28][29][30] the listed caller itself is admitted, so that the refusals above mean something', async () => {
  expect(await callWith(await issue({}))).toBe('accepted ok');
});

test('[26] another CA, a self-signed certificate, a CA of the same name with another key', async () => {
  const stranger = await TestAuthority.make('stranger');
  const sameName = await TestAuthority.make('root');
  for (const authority of [stranger, sameName]) expect(await callWith(await issue({}, authority))).toBe('refused peer-chain-untrusted');
  expect(await callWith(selfSigned())).toBe('refused peer-chain-untrusted');
});

test('[28] a wildcard is good for one label of a server, and admits no caller by DNS name', async () => {
  const web = await open(filesOf(await root.issue('web'), [root], policyOf({ service: 'web', calls: ['api'] })));
  for (const [dnsNames, expected] of [
    [['*.prod.svc.cluster.local'], 'no error'],
    [['*.svc.cluster.local'], 'peer-name-mismatch'],
    [['*.local'], 'peer-name-mismatch'],
  ] as const) {
    const server = await open(filesOf(await root.issue('api', { dnsNames }), [root], policyOf({ service: 'api', allow: ['web'] })));
    const { port: serverPort } = await server.serve();
    expect({ dnsNames, code: await codeOf(get(web.agentTo(serverPort), 'api')) }).toEqual({ dnsNames, code: expected });
  }
  const byName = await open(filesOf(await root.issue('api'), [root], policyOf({ service: 'api' })));
  const at = { party: byName, port: (await byName.serve(undefined, { authorizer: authorizeDnsName('web.test', '*.test') })).port };
  expect(await callWith(await issue({ uris: [], dnsNames: ['*.test'] }), at)).toBe('refused peer-not-listed');
  expect(await callWith(await issue({ uris: [], dnsNames: ['WEB.test'] }), at)).toBe('accepted ok');
});

test('[27](trap 12) a server whose host stands in the common name only is refused', async () => {
  const web = await open(filesOf(await root.issue('web'), [root], policyOf({ service: 'web', calls: ['api'] })));
  const server = await open(
    filesOf(
      await root.issue('api', { dnsNames: [], subject: `CN=${hostOf('api')}` }),
      [root],
      policyOf({ service: 'api', allow: ['web'] }),
    ),
  );
  const { port: serverPort } = await server.serve();
  expect(await codeOf(get(web.agentTo(serverPort), 'api'))).toBe('peer-name-mismatch');
});

test('[31] an empty allow-list admits nobody, not even the service itself', async () => {
  const closed = await open(filesOf(await root.issue('api'), [root], policyOf({ service: 'api' })));
  const at = { party: closed, port: (await closed.serve()).port };
  for (const service of ['web', 'api']) expect(await callWith(await root.issue(service), at)).toBe('refused peer-not-listed');
  const nobody = await open(filesOf(await root.issue('api'), [root], policyOf({ service: 'api' })));
  const listed = { party: nobody, port: (await nobody.serve(undefined, { authorizer: authorizeSpiffeId() })).port };
  expect(await callWith(await issue({}), listed)).toBe('refused peer-not-listed');
});

test('[32] a caller that is taken off the list gets 403 on its open connection, and the others stay', async () => {
  const server = await open(filesOf(await root.issue('api'), [root], policyOf({ service: 'api', allow: ['web', 'job'] })));
  const { port: serverPort } = await server.serve();
  const leaf = await root.issue('api');
  const [web, job] = await Promise.all(
    ['web', 'job'].map(async service => open(filesOf(await root.issue(service), [root], policyOf({ service, calls: ['api'] })))),
  );
  if (!web || !job) throw new Error('two parties');
  const [webAgent, jobAgent] = [web.agentTo(serverPort), job.agentTo(serverPort)];
  const before = [await get(webAgent, 'api'), await get(jobAgent, 'api')];
  await server.swap(filesOf(leaf, [root], policyOf({ service: 'api', allow: ['job'] })));
  const after = await get(webAgent, 'api');
  expect([after.status, after.localPort, after.headers.connection]).toEqual([403, before[0]?.localPort, 'close']);
  expect(await get(jobAgent, 'api')).toMatchObject({ status: 200, localPort: before[1]?.localPort });
  // a new connection gets no further than its handshake
  await until(() => Object.keys(webAgent.freeSockets).length === 0, 'the end of the old connection');
  expect(await codeOf(get(webAgent, 'api'))).toBe('ECONNRESET');
  expect(
    server.count('sentinel_mtls_denials_total', { peer: idOf('web'), reason: 'peer-not-listed', enforced: 'true' }),
  ).toBeGreaterThanOrEqual(2);
});

test.each([
  ['RSA 2048', { algorithm: 'RSA', size: 2048 }],
  ['RSA 4096', { algorithm: 'RSA', size: 4096 }],
  ['P-384', { algorithm: 'ECDSA', size: 384 }],
  ['P-521', { algorithm: 'ECDSA', size: 521 }],
  ['Ed25519', { algorithm: 'Ed25519', size: undefined }],
] as readonly (readonly [string, KeySpec])[])('[33] a key of %s serves and calls', async (_name, key) => {
  const web = await open(filesOf(await root.issue('web', { key }), [root], policyOf({ service: 'web', calls: ['api'] })));
  const server = await open(filesOf(await root.issue('api', { key }), [root], policyOf({ service: 'api', allow: ['web'] })));
  const { port: serverPort } = await server.serve();
  expect((await get(web.agentTo(serverPort), 'api')).body).toBe('ok');
});

test('[33] RSA 1024 is refused, as own key and as a peer', async () => {
  const weak = await root.issue('web', { key: { algorithm: 'RSA', size: 1024 } });
  expect(await codeOf(Party.open(filesOf(weak, [root], policyOf({ service: 'web' }))))).toBe('key-weak');
  expect(await callWith(weak)).toBe('refused peer-chain-invalid');
});

test('[35] a chain of ten is served and accepted, one of eleven is refused, a missing link too', async () => {
  let authority = root;
  const authorities = [root];
  for (let depth = 1; depth <= 10; depth++) {
    authority = await TestAuthority.make(`link-${depth}`, authority);
    authorities.push(authority);
  }
  const ten = await (authorities[9] as TestAuthority).issue('web');
  const web = await open(filesOf(ten, [root], policyOf({ service: 'web', calls: ['api'] })));
  expect(web.mtls.current().identity.chain).toHaveLength(10);
  expect((await get(web.agentTo(port), 'api')).status).toBe(200);
  const eleven = await (authorities[10] as TestAuthority).issue('web');
  expect(await codeOf(Party.open(filesOf(eleven, [root], policyOf({ service: 'web' }))))).toBe('chain-too-long');
  const links = ten.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
  expect(await callWith({ cert: links.filter((_link, index) => index !== 5).join(''), key: ten.key })).toBe('refused peer-chain-untrusted');
});

test('[35] a chain of 400 certificates ends the handshake, not the server', async () => {
  const leaf = await issue({});
  const long = { cert: leaf.cert + root.pem.repeat(400), key: leaf.key };
  expect(await callWith(long)).toMatch(/^refused handshake-(failed|closed)$/);
  expect(await callWith(leaf)).toBe('accepted ok');
});

test('a policy of audit lets through whoever passed TLS, and counts what strict would deny', async () => {
  const server = await open(filesOf(await root.issue('api'), [root], policyOf({ service: 'api', mode: 'audit', allow: ['web'] })));
  const at = { party: server, port: (await server.serve()).port };
  expect(await callWith(await issue({}), at)).toBe('accepted ok');
  expect(await callWith(await root.issue('job'), at)).toBe('audited peer-not-listed');
  expect(await callWith(undefined, at)).toBe('refused peer-no-certificate');
  expect(server.count('sentinel_mtls_denials_total', { port: String(PORT), peer: idOf('job'), enforced: 'false' })).toBe(1);
  expect(server.events('peer-audited')).toHaveLength(1);
});

test('without a policy and without an authorizer there is no server', async () => {
  const files = filesOf(await root.issue('api'), [root], '');
  const party = await open(files, { policyPath: undefined } as never);
  expect(() => party.mtls.createHttpsServer({})).toThrow(expect.objectContaining({ code: 'authorizer-missing' }));
  const { port: anyPort } = await party.serve(undefined, { authorizer: authorizeAny() });
  expect(await callWith(await root.issue('job'), { party, port: anyPort })).toBe('accepted ok');
  expect(party.events('authorizer-any')).toHaveLength(1);
});

test('an authorizer that throws, or answers nonsense, admits nobody', async () => {
  const party = await open(filesOf(await root.issue('api'), [root], policyOf({ service: 'api', allow: ['web'] })));
  const broken = [
    () => {
      throw new Error('broken');
    },
    () => undefined as never,
    () => true as never,
    () => ({ decision: 'yes', code: 'ok' }) as never,
  ];
  for (const authorizer of broken) {
    const at = { party, port: (await party.serve(undefined, { authorizer })).port };
    party.mtls.metrics.text();
    expect(await callWith(await issue({}), at)).toMatch(/refused authorizer-failed|nothing/);
  }
  expect(party.count('sentinel_mtls_handshakes_total', { reason: 'authorizer-failed' })).toBe(broken.length);
});

test('development: one self-signed certificate as identity and root admits itself alone, without a policy', async () => {
  const self = selfSigned();
  const files = { 'tls.crt': self.cert, 'tls.key': self.key, 'ca.crt': self.cert };
  const party = await open(files, { policyPath: undefined } as never);
  const at = { party, port: (await party.serve(undefined, {})).port };
  expect(await callWith(self, at)).toBe('accepted ok');
  // of the same name, with another key
  expect(await callWith(selfSigned(), at)).toMatch(/^refused peer-chain/);
  expect(await callWith(await issue({}), at)).toBe('refused peer-chain-untrusted');
});

test('what this file calls with can show any certificate, also one that OpenSSL of level 2 would not load', async () => {
  const weak = await root.issue('web', { key: { algorithm: 'RSA', size: 1024 } });
  expect(() => createSecureContext({ ...weak, ciphers: 'ALL:@SECLEVEL=0' })).not.toThrow();
  expect(() => createSecureContext({ ...weak, ciphers: 'ALL:@SECLEVEL=2' })).toThrow(/too small/);
});
