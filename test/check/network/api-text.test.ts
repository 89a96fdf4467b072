import { calleesOf, callersOf, networkOf, outside, pods, policy, workloadAt } from './_yaml';

/** Sentences of the API that tools read differently, each by itself. */
const workload = (kind: string, at: string, template: string, more = ''): string => {
  const [namespace, name] = at.split('/');
  const group = kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1';
  return `apiVersion: ${group}\nkind: ${kind}\nmetadata: { name: ${name}, namespace: ${namespace}${more} }\nspec: { template: ${template} }\n`;
};
const labelled = (label: string, ports = ''): string =>
  `{ metadata: { labels: { app: ${label} } }, spec: { containers: [{ name: main, ports: [${ports}] }] } }`;

describe('named ports', () => {
  const servers = [
    workload('Deployment', 'a/old', labelled('server', '{ name: web, containerPort: 8080 }')),
    workload(
      'Deployment',
      'a/new',
      labelled('server', '{ name: web, containerPort: 9090 }, { name: dns, containerPort: 53, protocol: UDP }'),
    ),
    pods('a/client app=client'),
  ];

  test('mean the port of each destination by itself', () => {
    const network = networkOf(
      ...servers,
      policy('a/in', 'podSelector: { matchLabels: { app: server } }\ningress: [{ ports: [{ port: web }] }]'),
    );
    expect(callersOf(network, 'a/old')).toContain('a/client: TCP 8080');
    expect(callersOf(network, 'a/new')).toContain('a/client: TCP 9090');
  });

  test('mean the port of the destination in egress too', () => {
    const network = networkOf(
      ...servers,
      policy('a/out', 'podSelector: { matchLabels: { app: client } }\npolicyTypes: [Egress]\negress: [{ ports: [{ port: web }] }]'),
    );
    expect(calleesOf(network, 'a/client')).toEqual(['a/new: TCP 9090', 'a/old: TCP 8080']);
  });

  test('want the same protocol', () => {
    const network = networkOf(
      ...servers,
      policy('a/in', 'podSelector: { matchLabels: { app: server } }\ningress: [{ ports: [{ port: dns }, { port: web, protocol: UDP }] }]'),
    );
    expect(callersOf(network, 'a/new')).toEqual([]);
    const udp = networkOf(
      ...servers,
      policy('a/in', 'podSelector: { matchLabels: { app: server } }\ningress: [{ ports: [{ port: dns, protocol: UDP }] }]'),
    );
    expect(callersOf(udp, 'a/new')).toEqual(['a/client: UDP 53', 'a/old: UDP 53']);
  });

  test('mean nothing outside of the cluster', () => {
    const network = networkOf(
      ...servers,
      policy(
        'a/out',
        'podSelector: { matchLabels: { app: client } }\npolicyTypes: [Egress]\negress: [{ ports: [{ port: web }], to: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }, { ports: [{ port: web }] }]',
      ),
    );
    expect(outside(network, 'a/client', 'egress')).toEqual([]);
  });

  test('of a sidecar count, those of an init container that ends do not', () => {
    const init = (restart: string): string =>
      `{ metadata: { labels: { app: server } }, spec: { containers: [{ name: main }], initContainers: [{ name: side, ${restart}ports: [{ name: web, containerPort: 7070 }] }] } }`;
    const rule = policy('a/in', 'podSelector: { matchLabels: { app: server } }\ningress: [{ ports: [{ port: web }] }]');
    expect(
      callersOf(networkOf(workload('Deployment', 'a/s', init('restartPolicy: Always, ')), pods('a/client app=client'), rule), 'a/s'),
    ).toEqual(['a/client: TCP 7070']);
    expect(callersOf(networkOf(workload('Deployment', 'a/s', init('')), pods('a/client app=client'), rule), 'a/s')).toEqual([]);
  });
});

describe('policyTypes', () => {
  const base = pods('a/x app=x', 'a/y app=y');

  test('left out, mean ingress, and egress where there are egress rules', () => {
    const ingress = networkOf(base, policy('a/p', 'podSelector: { matchLabels: { app: x } }'));
    expect([callersOf(ingress, 'a/x'), calleesOf(ingress, 'a/x')]).toEqual([[], ['a/y: all ports']]);
    const both = networkOf(
      base,
      policy('a/p', 'podSelector: { matchLabels: { app: x } }\negress: [{ to: [{ podSelector: { matchLabels: { app: z } } }] }]'),
    );
    expect([callersOf(both, 'a/x'), calleesOf(both, 'a/x')]).toEqual([[], []]);
  });

  test('left out beside an empty list of egress rules, mean ingress alone', () => {
    expect(calleesOf(networkOf(base, policy('a/p', 'podSelector: {}\negress: []\npolicyTypes: []')), 'a/x')).toEqual([]);
    expect(outside(networkOf(base, policy('a/p', 'podSelector: {}\negress: []')), 'a/x', 'egress')).toEqual(['0.0.0.0/0 ::/0: all ports']);
  });

  test('with Egress alone leave ingress rules without effect', () => {
    const network = networkOf(
      base,
      policy(
        'a/p',
        'podSelector: { matchLabels: { app: x } }\npolicyTypes: [Egress]\ningress: [{ from: [{ podSelector: { matchLabels: { app: z } } }] }]',
      ),
    );
    expect([callersOf(network, 'a/x'), calleesOf(network, 'a/x')]).toEqual([['a/y: all ports'], []]);
  });
});

describe('selectors', () => {
  test('with NotIn and DoesNotExist find pods without the label', () => {
    const network = networkOf(
      pods('a/x app=x', 'a/red team=red', 'a/blue team=blue', 'a/none run=z'),
      policy(
        'a/p',
        'podSelector: { matchLabels: { app: x } }\ningress: [{ from: [{ podSelector: { matchExpressions: [{ key: team, operator: NotIn, values: [red] }] } }], ports: [{ port: 1 }] }, { from: [{ podSelector: { matchExpressions: [{ key: team, operator: DoesNotExist }] } }], ports: [{ port: 2 }] }]',
      ),
    );
    expect(callersOf(network, 'a/x')).toEqual(['a/blue: TCP 1', 'a/none: TCP 1-2']);
  });

  test('of namespaces find one without a Namespace object by its name, and by the lack of any other label', () => {
    const network = networkOf(
      pods('a/x app=x', 'b/y app=y'),
      policy(
        'a/p',
        'podSelector: { matchLabels: { app: x } }\ningress: [{ from: [{ namespaceSelector: { matchExpressions: [{ key: team, operator: DoesNotExist }, { key: kubernetes.io/metadata.name, operator: In, values: [b] }] } }] }]',
      ),
    );
    expect(callersOf(network, 'a/x')).toEqual(['b/y: all ports']);
  });

  test('can not be deceived about the name of a namespace', () => {
    const network = networkOf(
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: b, labels: { kubernetes.io/metadata.name: trusted } }\n',
      pods('a/x app=x', 'b/y app=y'),
      policy(
        'a/p',
        'podSelector: { matchLabels: { app: x } }\ningress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: trusted } } }] }]',
      ),
    );
    expect(callersOf(network, 'a/x')).toEqual([]);
  });
});

describe('blocks of addresses', () => {
  const out = (block: string): string[] =>
    outside(
      networkOf(
        pods('a/x app=x'),
        policy('a/p', `podSelector: {}\npolicyTypes: [Egress]\negress: [{ to: [{ ipBlock: ${block} }], ports: [{ port: 1 }] }]`),
      ),
      'a/x',
      'egress',
    );

  test('leave out nested exceptions once', () => {
    expect(out('{ cidr: 10.0.0.0/14, except: [10.1.0.0/16, 10.1.2.0/24, 10.2.0.0/15] }')).toEqual(['10.0.0.0/16: TCP 1']);
  });

  test('of IPv6', () => {
    expect(out('{ cidr: "2001:db8::/126", except: ["2001:db8::1/128"] }')).toEqual(['2001:db8::/128 2001:db8::2/127: TCP 1']);
  });

  test('of one family say nothing of the other', () => {
    expect(out('{ cidr: 0.0.0.0/0 }')).toEqual(['0.0.0.0/0: TCP 1']);
    expect(out('{ cidr: "::/0" }')).toEqual(['::/0: TCP 1']);
  });

  test('with bits behind the prefix mean the range', () => {
    expect(out('{ cidr: 10.1.2.3/8 }')).toEqual(['10.0.0.0/8: TCP 1']);
  });

  test('find a pod whose address is known, and no other', () => {
    const known =
      'apiVersion: v1\nkind: Pod\nmetadata: { name: known, namespace: a }\nspec: { containers: [{ name: main }] }\nstatus: { podIP: 10.1.2.3 }\n';
    const network = networkOf(
      known,
      pods('a/x app=x', 'a/new app=y'),
      policy('a/p', 'podSelector: { matchLabels: { app: x } }\ningress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }]'),
    );
    expect(callersOf(network, 'a/x')).toEqual(['a/known: all ports']);
  });
});

describe('pods and their owners', () => {
  test('are one workload, whatever the folder holds of it', () => {
    const owner = (kind: string, name: string): string =>
      `, ownerReferences: [{ apiVersion: apps/v1, kind: ${kind}, name: ${name}, controller: true, uid: u }]`;
    const network = networkOf(
      workload('Deployment', 'a/web', labelled('web')),
      workload('ReplicaSet', 'a/web-5d', labelled('web'), owner('Deployment', 'web')),
      `apiVersion: v1\nkind: Pod\nmetadata: { name: web-5d-x, namespace: a, labels: { app: web, pod-template-hash: 5d }${owner('ReplicaSet', 'web-5d')} }\nspec: { containers: [{ name: main }] }\n`,
      `apiVersion: v1\nkind: Pod\nmetadata: { name: alone-1, namespace: a${owner('ReplicaSet', 'alone')} }\nspec: { containers: [{ name: main }] }\n`,
    );
    expect(network.workloads.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['ReplicaSet alone', 'Deployment web']);
    expect(workloadAt(network, 'a/web').shapes).toHaveLength(3);
  });

  test('keep the differences of their labels: what one pod may, the workload may', () => {
    const network = networkOf(
      workload('Deployment', 'a/web', labelled('web')),
      'apiVersion: v1\nkind: Pod\nmetadata: { name: web-1, namespace: a, labels: { app: other }, ownerReferences: [{ kind: Deployment, name: web, controller: true }] }\nspec: { containers: [{ name: main }] }\n',
      pods('a/x app=x'),
      policy('a/p', 'podSelector: { matchLabels: { app: x } }\ningress: [{ from: [{ podSelector: { matchLabels: { app: other } } }] }]'),
    );
    expect(callersOf(network, 'a/x')).toEqual(['a/web: all ports']);
  });

  test('on the network of their node are found by no selector and isolated by no policy', () => {
    const host =
      'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: agent, namespace: a }\nspec: { template: { metadata: { labels: { app: agent } }, spec: { hostNetwork: true, containers: [{ name: main }] } } }\n';
    const network = networkOf(
      host,
      pods('a/x app=x', 'a/y app=y'),
      policy('a/deny', 'podSelector: {}\npolicyTypes: [Ingress, Egress]'),
      policy(
        'a/in',
        'podSelector: { matchLabels: { app: x } }\ningress: [{ from: [{ podSelector: {} }] }, { from: [{ ipBlock: { cidr: 0.0.0.0/0 } }], ports: [{ port: 80 }] }]',
      ),
    );
    expect(callersOf(network, 'a/x')).toEqual(['a/agent: TCP 80']);
    expect(outside(network, 'a/agent', 'ingress')).toEqual(['0.0.0.0/0 ::/0: all ports']);
  });

  test('of a namespace that no policy names are open to everybody', () => {
    const network = networkOf(pods('a/x app=x', 'b/y app=y'), policy('a/deny', 'podSelector: {}\npolicyTypes: [Ingress]'));
    expect(callersOf(network, 'b/y')).toEqual(['a/x: all ports']);
    expect(callersOf(network, 'a/x')).toEqual([]);
  });
});

describe('what the API server refuses', () => {
  test.each([
    ['an endPort without a port', 'podSelector: {}\ningress: [{ ports: [{ endPort: 90 }] }]', 'spec.ingress.0.ports.0.endPort'],
    ['an endPort below its port', 'podSelector: {}\ningress: [{ ports: [{ port: 90, endPort: 80 }] }]', 'spec.ingress.0.ports.0.endPort'],
    ['an endPort beside a name', 'podSelector: {}\ningress: [{ ports: [{ port: web, endPort: 80 }] }]', 'spec.ingress.0.ports.0.endPort'],
    ['a port as text', 'podSelector: {}\ningress: [{ ports: [{ port: "80" }] }]', 'spec.ingress.0.ports.0.port'],
    ['a port beyond the last', 'podSelector: {}\ningress: [{ ports: [{ port: 65536 }] }]', 'spec.ingress.0.ports.0.port'],
    ['an unknown protocol', 'podSelector: {}\ningress: [{ ports: [{ protocol: ICMP }] }]', 'spec.ingress.0.ports.0.protocol'],
    ['a peer that is nobody', 'podSelector: {}\ningress: [{ from: [{}] }]', 'spec.ingress.0.from.0'],
    [
      'a block beside a selector',
      'podSelector: {}\ningress: [{ from: [{ podSelector: {}, ipBlock: { cidr: 10.0.0.0/8 } }] }]',
      'spec.ingress.0.from.0',
    ],
    [
      'an exception outside of its range',
      'podSelector: {}\ningress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8, except: [11.0.0.0/16] } }] }]',
      'spec.ingress.0.from.0.ipBlock.except.0',
    ],
    [
      'an exception that is all of its range',
      'podSelector: {}\ningress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8, except: [10.0.0.0/8] } }] }]',
      'spec.ingress.0.from.0.ipBlock.except.0',
    ],
    ['an unknown policy type', 'podSelector: {}\npolicyTypes: [Both]', 'spec.policyTypes.0'],
    [
      'an operator without values',
      'podSelector: { matchExpressions: [{ key: a, operator: In }] }',
      'spec.podSelector.matchExpressions.0.values',
    ],
    [
      'an unknown operator',
      'podSelector: { matchExpressions: [{ key: a, operator: Equals }] }',
      'spec.podSelector.matchExpressions.0.operator',
    ],
  ])('%s is a problem with its place, and the policy has no effect', (_, spec, path) => {
    const network = networkOf(pods('a/x app=x', 'a/y app=y'), policy('a/p', spec));
    expect(network.problems.map(problem => problem.path.join('.'))).toEqual([path]);
    expect(callersOf(network, 'a/x')).toEqual(['a/y: all ports']);
  });

  test('policies of other APIs are problems too, since the network obeys them', () => {
    const network = networkOf(
      'apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: { name: deny }\nspec: {}\n',
    );
    expect(network.problems.map(({ text }) => text)).toEqual([expect.stringContaining('is not evaluated')]);
  });

  test('a name that is a property of every object is a name like others', () => {
    const network = networkOf(
      pods('constructor/toString valueOf=x'),
      policy('constructor/p', 'podSelector: { matchExpressions: [{ key: hasOwnProperty, operator: DoesNotExist }] }'),
    );
    expect(network.problems).toEqual([]);
    expect(outside(network, 'constructor/toString', 'ingress')).toEqual([]);
  });
});
