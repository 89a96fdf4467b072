import { diffTrees, type Tree } from '../../../lib/check/diff/index.js';
import { differencesJson, differencesMarkdown, differencesText } from '../../../lib/report/index.js';
import { renderOne, SENTINEL, text, withFile } from './_trees.js';

const DEV = renderOne(SENTINEL, 'dev');
const object = (more: object): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'n' }, ...more });
const single = (content: string): Tree => ({ name: 'env', files: new Map([['x.yaml', Buffer.from(content)]]) });
const all = (old: Tree, now: Tree): string => {
  const differences = diffTrees(old, now);
  return [
    differencesText(differences, { all: true }),
    differencesMarkdown(differences, { all: true }),
    JSON.stringify(differencesJson(differences)),
  ].join('\n');
};

describe('manifests that somebody else wrote', () => {
  // what an attacker can put into a name, a label or a value
  const evil =
    '@everyone [x](https://evil.example) <img src=x> `code` ``two`` \u001b[31mred\u001b[0m \u202egnp.exe\u0085\u2028::set-output name=x::y';
  const differences = diffTrees(single(object({ data: { a: 'b' } })), single(object({ data: { a: evil, [evil]: 'b' } })));

  test('reach no terminal as anything but text', () => {
    const shown = differencesText(differences, { all: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
    expect(shown).toContain('\\u001b[31mred');
    expect(shown).toContain('\\u{202e}gnp.exe');
    for (const line of shown.split('\n')) expect(line).not.toMatch(/^::/);
  });

  test('reach no comment as anything but code', () => {
    const shown = differencesMarkdown(differences, { all: true });
    // what is left when every code span is taken out
    const outside = shown.replace(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
    expect(shown).toContain('@everyone');
    expect(outside).not.toMatch(/@|https?:|<img|\[x\]|\u202e/);
  });

  test('are no way to another prototype', () => {
    const withKeys = (keys: string): Tree =>
      single(`apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: other, labels: { ${keys} } }\n`);
    expect(() => diffTrees(single(object({})), withKeys('__proto__: { polluted: "true" }'))).toThrow('x.yaml:1 has a key "__proto__"');
    expect(differencesText(diffTrees(single(object({})), withKeys('constructor: z, prototype: z')))).toContain('ConfigMap other/x');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });

  test.each([
    [
      'aliases that multiply',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]\n`,
    ],
    ['an alias that points nowhere', 'a: *b\n'],
    ['a key twice', 'apiVersion: v1\napiVersion: v2\n'],
    ['a list in place of an object', '- 1\n---\n- [\n'],
  ])('%s end in an error with file and line', (_name, content) => {
    expect(() => diffTrees(DEV, withFile(DEV, 'x.yaml', content))).toThrow(/x\.yaml:\d+ /);
  });

  test.each([
    [
      'a Certificate',
      {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Certificate',
        spec: { dnsNames: 7, uris: {}, usages: [null], issuerRef: 'x', privateKey: [], duration: {} },
      },
    ],
    [
      'a NetworkPolicy',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        spec: { ingress: [null, 7, { from: [null, 'x'], ports: [null, { port: {} }] }], egress: {}, podSelector: 7, policyTypes: 'x' },
      },
    ],
    [
      'a Bundle',
      { apiVersion: 'trust.cert-manager.io/v1alpha1', kind: 'Bundle', spec: { sources: [null, 7, { inLine: 7 }, { secret: [] }] } },
    ],
    [
      'a PrometheusRule',
      { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', spec: { groups: [null, { rules: [null, 7] }, { rules: 'x' }] } },
    ],
    ['a Role', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', rules: [null, { verbs: 7 }] }],
    ['a Deployment', { apiVersion: 'apps/v1', kind: 'Deployment', spec: [] }],
    ['a Service', { apiVersion: 'v1', kind: 'Service', spec: { ports: [null, 7, { name: 'x' }] } }],
    ['a ServiceAccount', { apiVersion: 'v1', kind: 'ServiceAccount', spec: 7 }],
  ])('%s of the wrong shape is told, not stumbled over', (_name, shape) => {
    const now = withFile(DEV, 'x.yaml', JSON.stringify({ metadata: { name: 'x', namespace: 'n' }, ...shape }));
    expect(diffTrees(DEV, now).length).toBe(1);
    expect(differencesText(diffTrees(DEV, now), { all: true })).toMatch(/n\/x|pods with 7 in n|rule group/);
  });

  test('a policy.json that is written for another process than its name says takes no name away', () => {
    // the ConfigMap of infra-adapter claims to be control-api: the identity is then nobody's name
    const now = withFile(
      DEV,
      'policy.yaml',
      text(DEV, 'policy.yaml').replace(
        '"service": "infra-adapter",\n      "spiffeId": "spiffe://sentinel.internal/ns/sentinel-system/sa/infra-adapter"',
        '"service": "infra-adapter",\n      "spiffeId": "spiffe://sentinel.internal/ns/sentinel-system/sa/control-api"',
      ),
    );
    const shown = differencesText(diffTrees(DEV, now));
    expect(shown).toContain(
      '   ! ~ infra-adapter\n         identity spiffe://sentinel.internal/ns/sentinel-system/sa/infra-adapter → spiffe://sentinel.internal/ns/sentinel-system/sa/control-api (review)',
    );
    expect(shown).toContain('   ! + spiffe://sentinel.internal/ns/sentinel-system/sa/control-api → pipeline-controller:https');
  });

  test('a NetworkPolicy that is named like a service, but selects others, is told by what it selects', () => {
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'control-api-mtls-only-2', namespace: 'sentinel-system' },
      spec: { podSelector: {}, ingress: [{}], policyTypes: ['Ingress'] },
    };
    expect(differencesText(diffTrees(DEV, withFile(DEV, 'x.yaml', JSON.stringify(policy))))).toContain(
      '   ! + anybody → every pod in sentinel-system (every port): open into the callee',
    );
  });
});

describe('what is secret stays so', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n';

  test.each([
    ['a Secret', (value: string) => object({ kind: 'Secret', data: { password: value }, stringData: { token: value } })],
    [
      'an environment variable',
      (value: string) =>
        JSON.stringify({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'x' },
          spec: { template: { spec: { containers: [{ name: 'x', env: [{ name: 'PASSWORD', value }] }] } } },
        }),
    ],
  ])('%s is compared, and not shown, not even as a hash', (_name, write) => {
    const shown = all(single(write('hunter2')), single(write('hunter3')));
    expect(shown).toContain('changed');
    expect(shown).not.toMatch(/hunter|sha256/);
    expect(all(single(write('hunter2')), single('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n'))).not.toMatch(/hunter/);
  });

  test('PEM is named by its hash, wherever it stands', () => {
    const shown = all(
      single(object({ data: { 'tls.key': pem } })),
      single(object({ data: { 'tls.key': pem.replace('MII', 'MIJ') }, immutable: pem })),
    );
    expect(shown).toContain('PEM, sha256');
    expect(shown).not.toMatch(/BEGIN|MI[IJ]E/);
  });

  test('PEM in a key, a name or a broken line is not shown in an error or a difference', () => {
    expect(() => diffTrees(DEV, withFile(DEV, 'x.yaml', `apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n${pem}`))).toThrow(/^(?!.*MIIE)/s);
  });
});

describe('a difference that is too large for a comment', () => {
  test('is cut at a line, and says how much is left', () => {
    const many = (value: string): Tree =>
      single(
        Array.from({ length: 3000 }, (_, index) =>
          object({ metadata: { name: `x${index}`, namespace: 'n' }, data: { a: `${value}${index}` } }),
        ).join('\n---\n'),
      );
    const shown = differencesMarkdown(diffTrees(many('a'), many('b')), { all: true });
    expect(shown.length).toBeLessThan(65_536);
    expect(shown).toMatch(/\*\*\d+ lines more did not fit/);
  });
});
