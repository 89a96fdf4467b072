import { X509Certificate } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Reader } from '../../../lib/cluster/_reader.js';
import { Api, type PublicSecret } from '../../../lib/cluster/index.js';
import type { Issued, RotationFacts } from '../../../lib/cluster/rotate/facts.js';
import { perform } from '../../../lib/cluster/rotate/perform.js';
import type { StepId } from '../../../lib/cluster/rotate/steps.js';
import type { KubernetesObject } from '../../../lib/objects/index.js';
import { make } from '../_certificates.js';
import { StandInServer } from '../read/_server.js';

const LABELS = { 'sentinel-mtls.io/fleet': 'shop' };

const object = (kind: string, name: string, more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'cert-manager', labels: LABELS, resourceVersion: '41', uid: 'u-1' },
    ...more,
  }) as KubernetesObject;

let facts: RotationFacts;

beforeAll(async () => {
  const root = new X509Certificate((await make({ commonName: 'root', isCa: true })).pem);
  const secret = { ...object('Secret', 'shop-ca-secret'), type: 'kubernetes.io/tls', data: {}, held: {}, writers: [] } as PublicSecret;
  const certificate = object('Certificate', 'shop-ca', { spec: { privateKey: { rotationPolicy: 'Never' } } });
  const issued: Issued = {
    key: 'cert-manager/shop-ca',
    certificate,
    secret,
    chain: [root],
    isReady: true,
    isIssuing: false,
    renewalTime: Number.NaN,
  };
  facts = {
    subject: {
      fleet: 'shop',
      home: 'cert-manager',
      bundle: object('Bundle', 'b'),
      root: { certificate, isUnderRoot: false, leaves: [] },
      intermediates: [],
    },
    now: Date.now(),
    root: issued,
    intermediates: [],
    direct: [],
    leaves: [],
    kept: { object: object('ConfigMap', 'shop-old-root'), root, createdAt: 0 },
    targets: [],
    pods: [],
  };
});

/** Does one step against a server that answers as said; returns what it was sent. */
async function against<T>(
  answer: (response: ServerResponse) => void,
  step: StepId,
  look: (done: ReturnType<typeof perform>) => Promise<T>,
): Promise<string> {
  let sent = '';
  const server = await StandInServer.start((request, response) => {
    request.on('data', (chunk: Buffer) => {
      sent += chunk.toString('utf8');
    });
    request.on('end', () => answer(response));
  });
  try {
    await look(perform(new Reader(new Api(server.connection)), facts, step, { graceSeconds: 0 }));
    expect(server.requests).toHaveLength(1);
    return `${server.requests[0]} ${sent}`;
  } finally {
    await server.stop();
  }
}

const status =
  (code: number) =>
  (response: ServerResponse): void => {
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'Status', message: 'so it is' }));
  };

const STEPS: readonly StepId[] = ['keep-old-root', 'new-root', 'remove-old-root'];

test.each(STEPS)('%s: when somebody else was first, nothing is done and it is said', async step => {
  await against(status(409), step, async done =>
    expect(await done).toMatchObject({ isConflict: true, message: expect.stringContaining('by somebody else') }),
  );
});

test.each(STEPS)('%s: when it is forbidden, that is an error which names the right', async step => {
  await against(status(403), step, done =>
    expect(done).rejects.toMatchObject({ code: 'CLUSTER_REFUSED', message: expect.stringContaining('rbac rotate') }),
  );
});

test.each(STEPS)('%s: when the answer is lost, nobody claims that it was done, or asks a second time', async step => {
  const lose = (response: ServerResponse): void => void response.destroy();
  await against(lose, step, done =>
    expect(done).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE', message: expect.stringContaining('nobody knows whether') }),
  );
});

test('a key is taken away, and a root no longer kept, only as they were read', async () => {
  const done = async (promise: ReturnType<typeof perform>): Promise<unknown> => promise;
  expect(await against(status(200), 'new-root', done)).toBe(
    'PATCH /api/v1/namespaces/cert-manager/secrets/shop-ca-secret {"metadata":{"resourceVersion":"41"},"data":{"tls.key":""}}',
  );
  expect(await against(status(200), 'remove-old-root', done)).toContain('"preconditions":{"uid":"u-1","resourceVersion":"41"}');
});

test('an authority of somebody else below the root is asked for anew, and its key left alone', async () => {
  const certificate = { ...facts.root.certificate, metadata: { ...facts.root.certificate.metadata, labels: {} } };
  const theirs = { ...facts, root: { ...facts.root, certificate } };
  const mine = facts;
  facts = theirs;
  const sent = await against(status(200), 'new-root', async done => done);
  facts = mine;
  expect(sent).toMatch(/^PUT \/apis\/cert-manager\.io\/v1\/namespaces\/cert-manager\/certificates\/shop-ca\/status .*"type":"Issuing"/);
});
