import { type Mutable, proofOf, texts } from './_shop';

const policyOf = (object: Mutable, change: (policy: Mutable) => void): void => {
  const policy = JSON.parse(object.data['policy.json']);
  change(policy);
  object.data['policy.json'] = JSON.stringify(policy);
};

describe('what is rendered from a fleet', () => {
  test('is equal to it in every layer', () => {
    expect(proofOf()).toMatchObject({
      equal: true,
      differences: [],
      layers: { network: { checked: true }, identity: { checked: true }, issuance: { checked: true } },
    });
  });
});

describe('a counterexample of the network', () => {
  test('names both services, the port, the rules that let it through, their lines, and what to remove', () => {
    const proof = proofOf(named => {
      const { spec } = named('NetworkPolicy', 'ledger-mtls-only');
      spec.ingress[0].from.push({ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'web' } } });
      const web = named('NetworkPolicy', 'web-mtls-only').spec;
      web.egress.push({ to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'ledger' } } }], ports: [{ port: 50051 }] });
    });
    const found = proof.differences.find(({ from, to }) => from === 'web' && to === 'ledger');
    expect(found).toMatchObject({
      code: 'network-extra',
      layer: 'network',
      port: '50051/TCP',
      text: 'web → ledger:50051/TCP is possible in the network and not declared',
      causes: [
        { object: 'NetworkPolicy shop/ledger-mtls-only', path: 'spec.ingress[0].from[1]', file: 'rendered.yaml', line: expect.any(Number) },
        { object: 'NetworkPolicy shop/web-mtls-only', path: expect.stringMatching(/^spec\.egress\[\d\]\.to\[0\]$/) },
      ],
      change: 'remove spec.ingress[0].from[1] of NetworkPolicy shop/ledger-mtls-only',
    });
  });

  test('is not made of one side that is open, since the other is closed: the relation is the same', () => {
    const proof = proofOf(named => {
      named('NetworkPolicy', 'web-mtls-only').spec.egress.push({
        to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'ledger' } } }],
        ports: [{ port: 50051 }],
      });
    });
    // but anybody may take these labels: a pod without the fleet's label is isolated by nothing
    expect(texts(proof)).toEqual([
      'web → any pod of namespace shop with app.kubernetes.io/name: ledger:50051/TCP is possible in the network and not declared',
    ]);
  });

  test('of a declared call that is stopped says which rule comes near, and what to write', () => {
    const proof = proofOf(named => {
      const rule = named('NetworkPolicy', 'orders-mtls-only').spec.ingress.find((each: Mutable) => each.ports[0].port === 8443);
      rule.ports[0].port = 8444;
    });
    expect(proof.differences).toContainEqual(
      expect.objectContaining({
        code: 'network-missing',
        text: 'web → orders:8443/TCP is declared, and the network stops it',
        causes: [expect.objectContaining({ path: 'spec.ingress[0].ports', text: 'lets web through, but not on 8443/TCP' })],
        change: 'write 8443/TCP into spec.ingress[0].ports of NetworkPolicy shop/orders-mtls-only',
      }),
    );
  });

  test('of an address outside names the range', () => {
    const proof = proofOf(named => {
      const rule = named('NetworkPolicy', 'orders-mtls-only').spec.egress.find((each: Mutable) => each.to[0].ipBlock);
      rule.to[0].ipBlock.cidr = '203.0.112.0/23';
    });
    expect(texts(proof)).toEqual([
      'orders → 203.0.112.0/24:443/TCP is possible in the network and not declared (TCP 443 of 203.0.112.0/24)',
    ]);
  });

  test('of a policy that selects nobody any more says who is not isolated', () => {
    const proof = proofOf(named => {
      named('NetworkPolicy', 'ledger-mtls-only').spec.podSelector.matchLabels['app.kubernetes.io/name'] = 'ledgers';
      named('NetworkPolicy', 'shop-default-deny').spec.podSelector.matchLabels['sentinel-mtls.io/fleet'] = 'other';
    });
    expect(proof.differences[0]).toMatchObject({
      causes: [expect.objectContaining({ text: 'no policy isolates ledger for ingress', line: undefined })],
    });
    expect(proof.layers.network.differences).toBeGreaterThan(2);
  });

  test('of a Service that leads elsewhere is one of the network', () => {
    const proof = proofOf(named => {
      named('Service', 'web').spec.ports[0].targetPort = 9999;
      named('Service', 'orders').spec.ports[0].targetPort = 9999;
    });
    // nobody calls web
    expect(texts(proof)).toEqual(['orders:https is called, and its Service does not lead there']);
    expect(proof.differences[0]).toMatchObject({
      code: 'service-missing',
      change: 'write targetPort 8443',
      causes: [{ path: 'spec.ports[0].targetPort' }],
    });
  });
});

describe('what somebody else put into the folder', () => {
  test('an allow of somebody else shows as a further call, with its file and line', () => {
    const proof = proofOf(
      () => {},
      `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: debug, namespace: shop }
spec:
  podSelector: {}
  ingress:
    - from:
        - namespaceSelector: {}
`,
    );
    const [first] = proof.differences;
    expect(first).toMatchObject({
      code: 'network-extra',
      causes: [{ object: 'NetworkPolicy shop/debug', path: 'spec.ingress[0].from[0]', file: 'foreign.yaml', line: 9 }],
    });
    expect(texts(proof)).toContainEqual(expect.stringMatching(/^any pod of another namespace → ledger:1\/TCP is possible/));
    expect(first?.change).toBe('remove spec.ingress[0] of NetworkPolicy shop/debug');
  });

  test('a workload with the labels of a service receives its calls', () => {
    const proof = proofOf(
      () => {},
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: fake, namespace: shop }\nspec: { template: { metadata: { labels: { app.kubernetes.io/name: ledger, sentinel-mtls.io/fleet: shop } }, spec: { containers: [{ name: main }] } } }\n',
    );
    expect(texts(proof)).toContain('calls to ledger reach Deployment shop/fake too, which is not ledger');
    expect(texts(proof)).toContain('orders → Deployment shop/fake:50051/TCP is possible in the network and not declared');
  });

  test('a Certificate with the identity of a service is one that may not be issued', () => {
    const proof = proofOf(
      () => {},
      'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: thief, namespace: other }\nspec: { secretName: thief, issuerRef: { name: shop-ca-issuer, kind: ClusterIssuer, group: cert-manager.io }, uris: ["spiffe://shop.example/ns/shop/sa/ledger"] }\n',
    );
    expect(texts(proof)).toEqual(["Certificate other/thief obtains spiffe://shop.example/ns/shop/sa/ledger, which is ledger's"]);
  });

  test('an issuer with the same key opens every policy that covers it', () => {
    const proof = proofOf(
      () => {},
      'apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: { name: copy, namespace: cert-manager }\nspec: { ca: { secretName: shop-ca-secret } }\n',
    );
    expect(texts(proof).some(text => text.includes('of namespace cert-manager obtains spiffe://shop.example/ns/shop/sa/ledger'))).toBe(
      true,
    );
  });

  test('policies that nobody evaluates leave the proof open', () => {
    const proof = proofOf(
      () => {},
      'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: { name: x, namespace: shop }\nspec: {}\n',
    );
    expect(proof).toMatchObject({
      equal: false,
      differences: [{ code: 'network-undecided', causes: [{ file: 'foreign.yaml', line: 2 }] }],
    });
  });
});

describe('a counterexample of identity', () => {
  test('of a stranger in an allow-list names the policy', () => {
    const proof = proofOf(named =>
      policyOf(named('ConfigMap', 'ledger-mtls-policy'), policy => {
        policy.server[0].allow.push({ spiffeId: 'spiffe://shop.example/ns/shop/sa/web', mode: 'strict' });
      }),
    );
    expect(proof.differences).toMatchObject([
      {
        code: 'identity-extra',
        from: 'web',
        to: 'ledger',
        port: 'grpc',
        causes: [{ object: 'ConfigMap shop/ledger-mtls-policy', path: 'data["policy.json"]', line: expect.any(Number) }],
      },
    ]);
  });

  test('of an identity that nobody shows counts too', () => {
    const proof = proofOf(named =>
      policyOf(named('ConfigMap', 'ledger-mtls-policy'), policy => {
        policy.server[0].allow.push({ spiffeId: 'spiffe://elsewhere.example/x', mode: 'strict' });
      }),
    );
    expect(texts(proof)).toEqual([expect.stringContaining('spiffe://elsewhere.example/x → ledger:grpc gets past the handshake')]);
  });

  test('of a certificate that stands for nobody names the field', () => {
    const proof = proofOf(named => {
      named('Certificate', 'orders-tls').spec.dnsNames = ['orders'];
    });
    expect(proof.differences.find(({ layer }) => layer === 'identity')).toMatchObject({
      code: 'identity-missing',
      from: 'web',
      to: 'orders',
      causes: [{ object: 'Certificate shop/orders-tls', path: 'spec.dnsNames' }],
    });
  });
});

describe('a counterexample of issuance', () => {
  const uris = 'spiffe://shop.example/ns/shop/sa/ledger';

  test('of a policy that asks for no name of the request says that any Certificate will do', () => {
    const proof = proofOf(named => {
      delete named('CertificateRequestPolicy', 'shop-service-ledger').spec.allowed.uris.validations;
    });
    expect(texts(proof)).toContain(`any Certificate of namespace shop obtains ${uris}, which is ledger's`);
    expect(texts(proof)).toContain(`Certificate shop/web-tls obtains ${uris}, which is ledger's`);
  });

  test('of a pattern says so', () => {
    const proof = proofOf(named => {
      named('CertificateRequestPolicy', 'shop-service-web').spec.allowed.uris.values = ['spiffe://shop.example/*'];
    });
    expect(texts(proof)).toContain(`Certificate shop/web-tls obtains ${uris}, which is ledger's`);
  });

  test('of another subject that may use a policy names the binding', () => {
    const proof = proofOf(named => {
      named('RoleBinding', 'shop-request-policies').subjects.push({ kind: 'ServiceAccount', name: 'web', namespace: 'shop' });
    });
    expect(proof.differences).toContainEqual(
      expect.objectContaining({
        from: 'system:serviceaccount:shop:web',
        causes: expect.arrayContaining([expect.objectContaining({ object: 'RoleBinding shop/shop-request-policies', path: 'subjects' })]),
        change: 'take system:serviceaccount:shop:web out of RoleBinding shop/shop-request-policies',
      }),
    );
  });

  test('of a service whose Certificate no policy lets through says why not', () => {
    const proof = proofOf(named => {
      named('CertificateRequestPolicy', 'shop-service-web').spec.constraints.maxDuration = '1h';
    });
    expect(proof.differences).toMatchObject([
      {
        code: 'issuance-missing',
        text: expect.stringContaining('wants a shorter duration'),
        causes: [{ path: 'spec.constraints.maxDuration' }],
      },
    ]);
  });

  test('of a rule that is not understood takes the worse of both answers', () => {
    const proof = proofOf(named => {
      named('CertificateRequestPolicy', 'shop-service-ledger').spec.allowed.uris.validations[0].rule = 'size(cr.name) > 3';
    });
    expect(texts(proof)).toContain(`any Certificate of namespace shop obtains ${uris}, which is ledger's`);
    expect(proof.notes).toContainEqual(expect.stringContaining('is not evaluated, and taken to hold'));
  });
});
