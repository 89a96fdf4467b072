import { calleesOf, callersOf, networkOf, outside, pods, policy } from './_yaml';

/** The policies that the Kubernetes documentation shows on "Network Policies", "Declare Network Policy" and in the reference of the API. */
const PODS = pods(
  'default/db role=db',
  'default/frontend role=frontend',
  'default/other role=other',
  'mine/app role=frontend',
  'theirs/app role=frontend',
);
const NAMESPACES = `
apiVersion: v1
kind: Namespace
metadata: { name: mine, labels: { project: myproject, user: alice } }
`;
const EVERYWHERE = '0.0.0.0/0 ::/0: all ports';
const EVERYBODY = ['default/frontend: all ports', 'default/other: all ports', 'mine/app: all ports', 'theirs/app: all ports'];

const inDefault = (spec: string) => networkOf(PODS, NAMESPACES, policy('default/example', spec));

describe('the examples of the Kubernetes documentation', () => {
  test('the NetworkPolicy resource: ipBlock, namespaceSelector and podSelector as three ways in, one way out', () => {
    const network = inDefault(`
podSelector: { matchLabels: { role: db } }
policyTypes: [Ingress, Egress]
ingress:
  - from:
      - ipBlock: { cidr: 172.17.0.0/16, except: [172.17.1.0/24] }
      - namespaceSelector: { matchLabels: { project: myproject } }
      - podSelector: { matchLabels: { role: frontend } }
    ports: [{ protocol: TCP, port: 6379 }]
egress:
  - to: [{ ipBlock: { cidr: 10.0.0.0/24 } }]
    ports: [{ protocol: TCP, port: 5978 }]
`);
    expect(callersOf(network, 'default/db')).toEqual(['default/frontend: TCP 6379', 'mine/app: TCP 6379']);
    expect(calleesOf(network, 'default/db')).toEqual([]);
    expect(outside(network, 'default/db', 'ingress')).toEqual([
      '172.17.0.0/24 172.17.2.0/23 172.17.4.0/22 172.17.8.0/21 172.17.16.0/20 172.17.32.0/19 172.17.64.0/18 172.17.128.0/17: TCP 6379',
    ]);
    expect(outside(network, 'default/db', 'egress')).toEqual(['10.0.0.0/24: TCP 5978']);
  });

  test('a peer with both selectors: pods with a label in namespaces with a label', () => {
    const network = inDefault(`
podSelector: { matchLabels: { role: db } }
ingress:
  - from:
      - namespaceSelector: { matchLabels: { user: alice } }
        podSelector: { matchLabels: { role: frontend } }
`);
    expect(callersOf(network, 'default/db')).toEqual(['mine/app: all ports']);
  });

  test('two peers with one selector each: pods with a label here, or any pod of namespaces with a label', () => {
    const network = inDefault(`
podSelector: { matchLabels: { role: db } }
ingress:
  - from:
      - namespaceSelector: { matchLabels: { user: alice } }
      - podSelector: { matchLabels: { role: frontend } }
`);
    expect(callersOf(network, 'default/db')).toEqual(['default/frontend: all ports', 'mine/app: all ports']);
  });

  test('default deny all ingress traffic', () => {
    const network = inDefault('podSelector: {}\npolicyTypes: [Ingress]');
    expect(callersOf(network, 'default/db')).toEqual([]);
    expect(outside(network, 'default/db', 'ingress')).toEqual([]);
    expect(calleesOf(network, 'default/db')).toEqual(['mine/app: all ports', 'theirs/app: all ports']);
    expect(outside(network, 'default/db', 'egress')).toEqual([EVERYWHERE]);
  });

  test('allow all ingress traffic', () => {
    const network = inDefault('podSelector: {}\ningress: [{}]\npolicyTypes: [Ingress]');
    expect(callersOf(network, 'default/db')).toEqual(EVERYBODY);
    expect(outside(network, 'default/db', 'ingress')).toEqual([EVERYWHERE]);
  });

  test('default deny all egress traffic', () => {
    const network = inDefault('podSelector: {}\npolicyTypes: [Egress]');
    expect(calleesOf(network, 'default/db')).toEqual([]);
    expect(callersOf(network, 'default/db')).toEqual(['mine/app: all ports', 'theirs/app: all ports']);
  });

  test('allow all egress traffic', () => {
    const network = inDefault('podSelector: {}\negress: [{}]\npolicyTypes: [Egress]');
    expect(calleesOf(network, 'default/db')).toEqual(EVERYBODY);
    expect(callersOf(network, 'default/db')).toEqual(EVERYBODY);
  });

  test('default deny all ingress and all egress traffic', () => {
    const network = inDefault('podSelector: {}\npolicyTypes: [Ingress, Egress]');
    expect([...calleesOf(network, 'default/db'), ...callersOf(network, 'default/db')]).toEqual([]);
    expect([...outside(network, 'default/db', 'ingress'), ...outside(network, 'default/db', 'egress')]).toEqual([]);
  });

  test('allow all egress and deny all ingress traffic', () => {
    const network = inDefault('podSelector: {}\negress: [{}]\npolicyTypes: [Ingress, Egress]');
    expect(callersOf(network, 'default/db')).toEqual([]);
    expect(calleesOf(network, 'default/db')).toEqual(['mine/app: all ports', 'theirs/app: all ports']);
  });

  test('a range of ports with endPort', () => {
    const network = inDefault(`
podSelector: { matchLabels: { role: db } }
policyTypes: [Egress]
egress:
  - to: [{ ipBlock: { cidr: 10.0.0.0/24 } }]
    ports: [{ protocol: TCP, port: 32000, endPort: 32768 }]
`);
    expect(outside(network, 'default/db', 'egress')).toEqual(['10.0.0.0/24: TCP 32000-32768']);
  });

  test('several namespaces by their labels', () => {
    const network = inDefault(`
podSelector: { matchLabels: { role: frontend } }
policyTypes: [Egress]
egress:
  - to: [{ namespaceSelector: { matchExpressions: [{ key: project, operator: In, values: [myproject, other] }] } }]
`);
    expect(calleesOf(network, 'default/frontend')).toEqual(['mine/app: all ports']);
  });

  test('a namespace by its name, which no Namespace object has to say', () => {
    const network = inDefault(`
podSelector: { matchLabels: { role: db } }
ingress:
  - from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: theirs } } }]
`);
    expect(callersOf(network, 'default/db')).toEqual(['theirs/app: all ports']);
  });

  test('access to a service for pods with a label (Declare Network Policy)', () => {
    const network = networkOf(
      pods('default/nginx app=nginx', 'default/busybox access=true', 'default/stranger run=busybox', 'other/busybox access=true'),
      policy(
        'default/access-nginx',
        'podSelector: { matchLabels: { app: nginx } }\ningress:\n  - from: [{ podSelector: { matchLabels: { access: "true" } } }]',
      ),
    );
    expect(callersOf(network, 'default/nginx')).toEqual(['default/busybox: all ports']);
    expect(calleesOf(network, 'default/nginx')).toHaveLength(3);
  });
});
