import { DOCTOR_RESOURCES, examine, Living, takeSnapshot } from '../../../lib/cluster/index.js';
import { answer, StandInServer } from '../read/_server.js';
import { clusterTools, RealCluster } from './_cluster.js';
import { freePort } from './_processes.js';

const tools = clusterTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(240_000);

let cluster: RealCluster;

beforeAll(async () => {
  if (tools === undefined) return;
  cluster = await RealCluster.start(tools);
  await cluster.installDefinitions();
});

afterAll(() => cluster?.stop());

const configuration = (clientConfig: object): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'cert-manager-webhook' },
  webhooks: [
    {
      name: 'webhook.cert-manager.io',
      clientConfig,
      rules: [{ apiGroups: ['cert-manager.io'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['*/*'] }],
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      timeoutSeconds: 2,
    },
  ],
});

/** Codes of what the webhook's section finds; asked anew until the API server has taken the configuration. */
async function found(code: string): Promise<readonly string[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const outcomes = examine(new Living(await takeSnapshot(cluster.api(), DOCTOR_RESOURCES, { probe: true })));
    const codes = outcomes.filter(({ result }) => result === 'error').map(({ check }) => check.code);
    if (codes.includes(code) || Date.now() > deadline) return codes;
  }
}

withCluster('without a webhook what must be refused is taken, and said so', async () => {
  expect(await found('SMT-D102')).toContain('SMT-D102');
});

withCluster('a webhook whose Service is not there', async () => {
  await cluster.apply([configuration({ service: { name: 'cert-manager-webhook', namespace: 'cert-manager', path: '/validate' } })]);
  expect(await found('SMT-D003')).toContain('SMT-D003');
});

withCluster('a webhook that refuses connections', async () => {
  await cluster.apply([configuration({ url: `https://127.0.0.1:${await freePort()}/validate` })]);
  expect(await found('SMT-D004')).toContain('SMT-D004');
});

withCluster('a webhook with an authority that the API server does not trust', async () => {
  const server = await StandInServer.start((_, response) => answer(response, 200, {}));
  await cluster.apply([configuration({ url: `${server.connection.server.origin}/validate` })]);
  expect(await found('SMT-D006')).toContain('SMT-D006');
  await server.stop();
});

withCluster('a webhook that does not answer in time', async () => {
  const server = await StandInServer.start(() => undefined);
  const { ca } = await server.connection.credentials();
  await cluster.apply([
    configuration({ url: `${server.connection.server.origin}/validate`, caBundle: Buffer.from(String(ca)).toString('base64') }),
  ]);
  expect(await found('SMT-D005')).toContain('SMT-D005');
  await server.stop();
});
