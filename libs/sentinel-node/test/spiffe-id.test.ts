import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import {
  type Authorizer,
  allOf,
  anyOf,
  authorizeAny,
  authorizeSpiffeId,
  authorizeTrustDomain,
  CODES,
  parseSpiffeId,
  parseTrustDomain,
} from '../src/index.js';
import { filesOf, policyOf } from './_folder.js';
import { Party, until } from './_mtls.js';
import { type Leaf, type LeafProps, SERVER_AUTH, TestAuthority, USAGE } from './_pki.js';

const CASES = join(__dirname, '../../../../shared/cases/spiffe-id');
const there = existsSync(CASES);
const read = (file: string) => JSON.parse(readFileSync(join(CASES, file), 'utf8'));
if (!there) console.warn(`${CASES} is not there: the collected vectors are not run; conformance/vectors/spiffe-ids.json is`);
const collected = there ? test : test.skip;

interface Vector {
  readonly input: string;
  readonly valid: boolean;
  readonly trustDomain?: string;
  readonly path?: string;
}

collected('577 collected IDs: valid or not, and their parts', () => {
  const vectors: Vector[] = read('vectors.json');
  expect(vectors).toHaveLength(577);
  const found = vectors.map(({ input }) => {
    const id = parseSpiffeId(input);
    return id ? { input, valid: true, trustDomain: id.trustDomain, path: id.path } : { input, valid: false };
  });
  expect(found).toEqual(
    vectors.map(({ input, valid, trustDomain, path }) => (valid ? { input, valid, trustDomain, path } : { input, valid })),
  );
});

collected('307 collected trust domains', () => {
  const vectors: Vector[] = read('trust-domains.json');
  expect(vectors).toHaveLength(307);
  expect(vectors.map(({ input }) => parseTrustDomain(input))).toEqual(
    vectors.map(({ valid, trustDomain }) => (valid ? trustDomain : undefined)),
  );
});

collected('7 collected matchers over six IDs', () => {
  const matchers: { matcher: string; argument: string | string[] | null; cases: { id: string; match: boolean }[] }[] =
    read('matching.json');
  expect(matchers).toHaveLength(7);
  const authorizerOf = (matcher: string, argument: string | string[] | null): Authorizer | undefined => {
    if (matcher === 'any') return authorizeAny();
    if (matcher === 'id') return authorizeSpiffeId(String(argument));
    if (matcher === 'oneOf') return authorizeSpiffeId(...((argument ?? []) as string[]));
    // an empty trust domain is no trust domain: it can't be asked for at all
    return parseTrustDomain(String(argument)) === undefined ? undefined : authorizeTrustDomain(String(argument));
  };
  for (const { matcher, argument, cases } of matchers) {
    const authorizer = authorizerOf(matcher, argument);
    for (const { id, match } of cases) {
      const parsed = parseSpiffeId(id);
      const identity = parsed ? { spiffeId: parsed.id, trustDomain: parsed.trustDomain } : ({ code: 'peer-no-identity' } as const);
      const decision = authorizer?.({ identity, certificate: undefined }, undefined as never);
      // the zero ID of go-spiffe is matched by its zero trust domain; here neither exists
      const expected = matcher === 'memberOf' && argument === '' ? false : match;
      expect({ matcher, argument, id, match: decision?.decision === 'allowed' }).toEqual({ matcher, argument, id, match: expected });
    }
  }
});

const URI = 'spiffe://domain1.test/workload';
type Scenario = (root: TestAuthority) => Promise<Leaf | string>;
const changed =
  (props: LeafProps): Scenario =>
  root =>
    root.issue('workload', { uris: [URI], ...props });

/** Each collected scenario as a certificate; a text where it can't even be asked for. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'empty chain': async () => ({ cert: '', key: '' }),
  'empty bundle': async () => 'bundle-empty',
  'nil bundle': async () => 'bundle-missing',
  'no roots': async () => 'bundle-empty',
  'no roots for leaf cert domain': async () => (await TestAuthority.make('other')).issue('workload', { uris: [URI] }),
  'bad leaf cert id': changed({ uris: ['sparfe://domain1.test/workload'] }),
  'verification fails': async () => (await TestAuthority.make('other')).issue('workload', { uris: [URI] }),
  'no URI SAN': changed({ uris: [] }),
  'more than one URI SAN': changed({ uris: [URI, URI] }),
  'leaf is CA': changed({ isCa: true }),
  'leaf has KeyUsageCertSign': changed({ keyUsage: USAGE.digitalSignature | USAGE.keyCertSign }),
  'leaf has KeyUsageCRLSign': changed({ keyUsage: USAGE.digitalSignature | USAGE.cRLSign }),
  'with time': changed({ from: -2, to: -1 }),
  success: changed({}),
  'garbled DER': async () => 'peer-malformed',
  'leaf without a path': changed({ uris: ['spiffe://domain1.test'] }),
  'two different URI SANs, the first one is a SPIFFE ID': changed({ uris: [URI, 'https://domain1.test/'] }),
  'one URI SAN and several DNS SANs': changed({ dnsNames: ['workload.ns.svc', 'workload.ns.svc.cluster.local'] }),
  // our side is the server here, so the usage that is missing is the client's
  'EKU present with clientAuth only, used as server': changed({ extendedKeyUsages: [SERVER_AUTH] }),
  'no EKU extension': changed({ extendedKeyUsages: [] }),
  'keyUsage extension absent': async () => 'client-no-key-usage',
  'empty subject, SAN not critical': async () => 'client-empty-subject-not-critical',
  'intermediate CA with an ID in another trust domain': async () => 'client-int-other-domain',
};

collected('23 collected scenarios of X509-SVID, with real handshakes', async () => {
  const scenarios: { name: string; accept: boolean }[] = read('x509-svid-scenarios.json');
  expect(scenarios.map(({ name }) => name).sort()).toEqual(Object.keys(SCENARIOS).sort());
  // those that no certificate of this test makes are vectors of conformance/, or codes of the files
  const { cases }: { cases: { certificate: string; expect: { spiffeId?: string } }[] } = JSON.parse(
    readFileSync(join(__dirname, '../../../conformance/vectors/identities.json'), 'utf8'),
  );
  const acceptedBy = (nameOrCode: string): boolean => {
    const vector = cases.find(({ certificate }) => certificate === nameOrCode);
    if (!vector) expect(CODES).toContain(nameOrCode);
    return vector?.expect.spiffeId !== undefined;
  };
  const root = await TestAuthority.make('domain1');
  const files = filesOf(await root.issue('api'), [root], policyOf({ service: 'api' }));
  const server = await Party.open(files);
  const authorizer = allOf(anyOf(authorizeTrustDomain('domain1.test'), authorizeSpiffeId()));
  const { port } = await server.serve(undefined, { authorizer });
  for (const { name, accept } of scenarios) {
    const made = await SCENARIOS[name]?.(root);
    if (made === undefined) throw new Error(`no certificate for "${name}"`);
    const accepted = typeof made === 'string' ? acceptedBy(made) : await answers(port, made);
    expect({ name, accepted }).toEqual({ name, accepted: accept });
  }
  await until(() => server.count('sentinel_mtls_handshakes_total', { result: 'accepted' }) === 3, 'the counts');
  await server.close();
});

function answers(port: number, leaf: Leaf): Promise<boolean> {
  return new Promise(resolve => {
    let answered = false;
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...(leaf.cert && leaf) });
    socket.on('error', () => {});
    socket.on('data', () => {
      answered = true;
    });
    socket.once('secureConnect', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'));
    socket.on('close', () => resolve(answered));
  });
}
