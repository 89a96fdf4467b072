import { getActiveResourcesInfo } from 'node:process';
import { type Attempt, type HandshakeResult, proveHandshakes } from '../../../lib/check/prove/index.js';
import type { Plan } from '../../../lib/fleet/plan.js';
import { ObjectSet } from '../../../lib/objects/index.js';
import { formatTable } from '../../../lib/report/handshakes-matrix.js';
import { formatHandshakes, handshakesJson } from '../../../lib/report/index.js';
import { changePolicy, find, type MutableObject, shopObjects, shopPlan } from './shop.js';

const prove = (objects: MutableObject[], plan: Plan = shopPlan(), options = {}): Promise<HandshakeResult> =>
  proveHandshakes(ObjectSet.from(objects), plan, options);
const call = ({ kind, caller, callee, port, layer }: Attempt): string => `${kind} ${caller} ${callee}:${port} ${layer}`;
const spiffe = (name: string): string => `spiffe://shop.example/ns/shop/sa/${name}`;

const openSockets = (): string[] => getActiveResourcesInfo().filter(name => /TCP|TLS/.test(name));

describe('manifests as declared', () => {
  let result: HandshakeResult;
  let before: string[];
  beforeAll(async () => {
    // jest runs other files in this process too, which may have left something
    before = openSockets();
    result = await prove(shopObjects());
  });

  test('every declared call is accepted, across RSA, ECDSA and Ed25519', () => {
    expect(result.edges).toEqual({ declared: 2, tested: 2, accepted: 2 });
    expect(result.failures).toEqual([]);
  });

  test('every undeclared call is refused', () => {
    expect(result.nonEdges).toEqual({ total: 4, tested: 4, skipped: 0, refused: 4 });
  });

  test('every attack is refused, and by the layer that it attacks', () => {
    for (const { attempted, refused } of Object.values(result.attacks)) expect([attempted > 0, refused]).toEqual([true, attempted]);
    const reasons = new Map(result.attempts.map(attempt => [attempt.kind, `${attempt.layer}: ${attempt.reason}`]));
    expect(reasons.get('noCertificate')).toBe('tls: the server refuses: it shows no certificate');
    expect(reasons.get('foreignAuthority')).toBe("tls: the server refuses: its certificate is not signed by the environment's root");
    expect(reasons.get('expired')).toBe('tls: the server refuses: its certificate has expired');
    expect(reasons.get('otherIdentity')).toMatch(/^identity: the server refuses: spiffe:.* is not in the allow-list/);
    expect(reasons.get('identityInCommonName')).toBe('identity: the server refuses: its certificate has no SPIFFE ID');
    expect(reasons.get('severalIdentities')).toBe('identity: the server refuses: its certificate has 2 SPIFFE IDs, expected one');
    expect(reasons.get('otherServer')).toBe('tls: the caller refuses: its certificate is not for cart.shop.svc.cluster.local');
    expect(reasons.get('otherServerIdentity')).toMatch(/^identity: the caller refuses: it is spiffe:/);
  });

  test('the report says so in ten seconds of reading', () => {
    const text = formatHandshakes(result, shopPlan());
    expect(text).toContain('declared calls accepted                          2 of 2');
    expect(text).not.toContain('!!');
    expect(text.replace(/in \d+\.\d s/, 'in 0.0 s')).toMatchSnapshot();
  });

  test('a larger fleet gets one line a port instead of a matrix', () => {
    expect(formatTable(result).split('\n')).toEqual([
      '    port         accepts  undeclared refused',
      '    cart:https   web      1 of 1',
      '    ledger:grpc  cart     1 of 1',
      '    web:https    nobody   2 of 2',
    ]);
    const [failure] = result.attempts;
    const failed = formatTable({ ...result, failures: failure ? [failure] : [] });
    expect(failed).toContain('!!  ledger:grpc');
  });

  test('the JSON form has a schema version and every attempt', () => {
    const json = JSON.parse(JSON.stringify(handshakesJson(result))) as { schemaVersion: number; attempts: unknown[] };
    expect(json.schemaVersion).toBe(1);
    expect(json.attempts).toHaveLength(result.attempts.length);
  });

  test('no key and no certificate is in the result or in the report', () => {
    const texts = JSON.stringify(result) + formatHandshakes(result, shopPlan());
    expect(texts).not.toMatch(/BEGIN|PRIVATE KEY|[A-Za-z0-9+/]{80}/);
  });

  test('no server and no socket stays open', async () => {
    // the far end of a socket that was destroyed hears of it from the kernel, in some turn of the event loop
    for (const deadline = performance.now() + 5_000; openSockets().length > before.length && performance.now() < deadline; )
      await new Promise(resolve => setImmediate(resolve));
    expect(openSockets().length).toBeLessThanOrEqual(before.length);
  });
});

describe('a mutation of the manifests is a failure that names the call and the layer', () => {
  const failing = async (change: (objects: MutableObject[]) => void): Promise<string[]> => {
    const objects = shopObjects();
    change(objects);
    return (await prove(objects)).failures.map(call);
  };

  test('an allow entry is deleted', async () => {
    const failures = await failing(objects => changePolicy(objects, 'ledger', policy => policy.server[0]?.allow.pop()));
    expect(failures).toEqual(['edge cart ledger:grpc identity']);
  });

  test('an allow entry is added', async () => {
    const failures = await failing(objects =>
      changePolicy(objects, 'ledger', policy => policy.server[0]?.allow.push({ spiffeId: spiffe('web'), mode: 'strict' })),
    );
    expect(failures).toContain('nonEdge web ledger:grpc identity');
  });

  test('the client entry is deleted', async () => {
    const failures = await failing(objects => changePolicy(objects, 'web', policy => policy.client.pop()));
    expect(failures).toEqual(['edge web cart:https callerPolicy']);
  });

  test('the DNS name that callers use is deleted', async () => {
    const failures = await failing(objects => find(objects, 'Certificate', 'cart-tls').spec.dnsNames.pop());
    expect(failures).toEqual(['edge web cart:https tls']);
  });

  test('the SPIFFE ID is deleted', async () => {
    const failures = await failing(objects => find(objects, 'Certificate', 'web-tls').spec.uris.pop());
    expect(failures).toEqual(['edge web cart:https identity']);
  });

  test('a name is left in the common name alone', async () => {
    const failures = await failing(objects => {
      const { spec } = find(objects, 'Certificate', 'cart-tls');
      spec.commonName = 'cart.shop.svc.cluster.local';
      spec.dnsNames = [];
    });
    expect(failures).toEqual(['edge web cart:https tls']);
  });

  test('the usage of a caller is deleted', async () => {
    const failures = await failing(objects => {
      find(objects, 'Certificate', 'web-tls').spec.usages = ['digital signature', 'server auth'];
    });
    expect(failures).toEqual(['edge web cart:https tls']);
  });

  test('the usage of a server is deleted', async () => {
    const failures = await failing(objects => {
      find(objects, 'Certificate', 'ledger-tls').spec.usages = ['digital signature', 'client auth'];
    });
    expect(failures).toEqual(['edge cart ledger:grpc tls']);
  });

  test('another issuer signs', async () => {
    const failures = await failing(objects => {
      find(objects, 'Certificate', 'cart-tls').spec.issuerRef.name = 'some-other-issuer';
    });
    // a process whose own chain does not end in its bundle does not start
    expect(failures).toEqual(['listen  cart:https tls', 'edge cart ledger:grpc tls', 'edge web cart:https tls']);
  });

  test('the bundle names a Secret that no CA Certificate writes', async () => {
    const failures = await failing(objects => {
      find(objects, 'Bundle', 'shop-ca-bundle').spec.sources[0].secret.name = 'typo';
    });
    const listeners = ['cart:https', 'ledger:grpc', 'web:https'].map(port => `listen  ${port} tls`);
    expect(failures).toEqual([...listeners, 'edge cart ledger:grpc tls', 'edge web cart:https tls']);
  });

  test('a Certificate is missing', async () => {
    const failures = await failing(objects => objects.splice(objects.indexOf(find(objects, 'Certificate', 'cart-tls')), 1));
    expect(failures).toEqual(['listen  cart:https issuance', 'edge cart ledger:grpc issuance', 'edge web cart:https issuance']);
  });

  test('cert-manager would refuse the Certificate', async () => {
    const failures = await failing(objects => {
      find(objects, 'Certificate', 'web-tls').spec.commonName = 'w'.repeat(65);
    });
    expect(failures).toEqual(['listen  web:https issuance', 'edge web cart:https issuance']);
  });

  test('the failures stand first in the report', async () => {
    const objects = shopObjects();
    changePolicy(objects, 'ledger', policy => policy.server[0]?.allow.pop());
    const text = formatHandshakes(await prove(objects), shopPlan());
    expect(text.split('\n').slice(2, 5)).toEqual([
      '1 failure',
      '  !! cart → ledger:grpc is declared, but was refused',
      `     layer identity: the server refuses: ${spiffe('cart')} is not in the allow-list of policy.json`,
    ]);
  });
});

describe('a policy that a process must not follow', () => {
  const broken: [string, string][] = [
    ['another version', '{"version": 2}'],
    ['broken JSON', '{'],
    ['an unknown mode', JSON.stringify({ ...JSON.parse(policyText('ledger')), mode: 'lenient' })],
  ];
  test.each(broken)('%s: the server refuses everybody', async (_name, text) => {
    const objects = shopObjects();
    find(objects, 'ConfigMap', 'ledger-mtls-policy').data['policy.json'] = text;
    const result = await prove(objects);
    expect(result.failures.map(call)).toEqual(['edge cart ledger:grpc identity']);
    const atLedger = result.attempts.filter(({ callee, kind }) => callee === 'ledger' && !kind.startsWith('otherServer'));
    expect(atLedger.every(({ outcome }) => outcome === 'refused')).toBe(true);
  });

  test('an empty allow-list denies all', async () => {
    const objects = shopObjects();
    changePolicy(objects, 'cart', policy => each(policy.server, { allow: [] }));
    const result = await prove(objects);
    expect(result.failures.map(call)).toEqual(['edge web cart:https identity']);
  });
});

describe('modes', () => {
  const withMode = (mode: 'audit' | 'disabled'): Plan => {
    const plan = shopPlan();
    const services = plan.services.map(service =>
      service.name === 'ledger' ? { ...service, ports: service.ports.map(port => ({ ...port, mode })) } : service,
    );
    return { ...plan, services };
  };

  test('audit lets through who is not listed, and counts it, but not who has no certificate', async () => {
    const objects = shopObjects();
    changePolicy(objects, 'ledger', policy => each(policy.server, { mode: 'audit' }));
    const result = await prove(objects, withMode('audit'));
    expect(result.failures).toEqual([]);
    // web, and the three identities that are not listed
    expect(result.audit).toEqual({ ports: 1, attempted: 4, letThrough: 4 });
    expect(result.attacks.noCertificate).toEqual({ attempted: 3, refused: 3 });
    expect(formatHandshakes(result, withMode('audit'))).toContain('undeclared calls let through by audit            4 of 4');
  });

  test('audit in the manifests alone is a failure', async () => {
    const objects = shopObjects();
    changePolicy(objects, 'ledger', policy => each(policy.server, { mode: 'audit' }));
    const { failures } = await prove(objects);
    expect(failures.map(call)).toContain('nonEdge web ledger:grpc audit');
  });

  test('a disabled port is not started and is printed as not provable', async () => {
    const objects = shopObjects();
    changePolicy(objects, 'ledger', policy => policy.server.pop());
    const result = await prove(objects, withMode('disabled'));
    expect(result.failures).toEqual([]);
    expect(result.edges).toEqual({ declared: 2, tested: 1, accepted: 1 });
    expect(formatHandshakes(result, withMode('disabled'))).toMatch(
      /not provable by handshake\n {2}ledger:grpc {9}the port is in mode disabled/,
    );
  });
});

test('undeclared calls beyond the bound are sampled by the seed, and the numbers are in the result', async () => {
  const chosen = async (seed: string): Promise<string[]> => {
    const result = await prove(shopObjects(), shopPlan(), { maxNonEdges: 2, seed });
    expect(result.nonEdges).toEqual({ total: 4, tested: 2, skipped: 2, refused: 2 });
    expect(formatHandshakes(result, shopPlan())).toContain(`tested 2 of 4, sampled by seed ${seed}`);
    return result.attempts.filter(({ kind }) => kind === 'nonEdge').map(call);
  };
  expect(await chosen('one')).toEqual(await chosen('one'));
});

test('an external with a SPIFFE ID is let in where it is declared', async () => {
  const spiffeId = 'spiffe://partner.example/ns/x/sa/y';
  const plan: Plan = {
    ...shopPlan(),
    externals: [{ name: 'partner', peers: [], spiffeId, ports: [] }],
    externalEdges: [{ direction: 'in', service: 'web', external: 'partner', port: 'https', mode: 'strict' }],
  };
  const objects = shopObjects();
  expect((await prove(objects, plan)).failures.map(call)).toEqual(['external partner web:https identity']);
  changePolicy(objects, 'web', policy => policy.server[0]?.allow.push({ spiffeId, mode: 'strict' }));
  expect((await prove(objects, plan)).externals).toEqual({ declared: 1, tested: 1, accepted: 1 });
});

test('a root that is kept elsewhere is played, and the report says so', async () => {
  const plan = shopPlan();
  const objects = shopObjects().filter(
    ({ kind, metadata }) => kind !== 'Bundle' && !(kind === 'Certificate' && metadata.name === 'shop-root-ca'),
  );
  const issuer = find(objects, 'ClusterIssuer', 'shop-ca-issuer');
  issuer.spec = { vault: { server: 'https://vault.example.com', path: 'pki/sign/shop' } };
  const result = await prove(objects, { ...plan, authority: { ...plan.authority, kind: 'external' } as Plan['authority'] });
  expect(result.failures).toEqual([]);
  expect(formatHandshakes(result, plan)).toContain(
    'note: an embedded root stands in for ClusterIssuer shop-ca-issuer: vault holds its key',
  );
});

function each<T extends object>(list: readonly T[], change: Partial<T>): void {
  for (const item of list) Object.assign(item, change);
}

function policyText(service: string): string {
  return find(shopObjects(), 'ConfigMap', `${service}-mtls-policy`).data['policy.json'] ?? '';
}
