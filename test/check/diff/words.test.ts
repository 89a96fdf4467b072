import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diffTrees, type Tree } from '../../../lib/check/diff/index.js';
import type { Fleet } from '../../../lib/fleet/index.js';
import { differencesMarkdown, differencesText } from '../../../lib/report/index.js';
import { changed, edited, render, renderOne, SENTINEL, type Writable, withFile } from './_trees.js';

const DEV = renderOne(SENTINEL, 'dev');
/** What changes in dev when the fleet is declared otherwise. */
const afterChange = (change: (copy: Writable<Fleet>) => void): string =>
  differencesText(diffTrees(DEV, renderOne(changed(SENTINEL, change), 'dev')));
/** The lines between the headline and the legend. */
const body = (text: string): string => text.split('\n').slice(2, -3).join('\n');
const afterEdit = (path: string, from: string | RegExp, to: string): string =>
  body(differencesText(diffTrees(DEV, edited(DEV, path, from, to))));

describe('the words of a difference', () => {
  test('a call that is declared anew', () => {
    const text = afterChange(copy => {
      (copy.services['node-agent'] as Writable<Fleet['services'][string]>).calls = ['control-api:https', 'infra-adapter:grpc'];
    });
    expect(text).toBe(`dev: 1 difference, 1 allows more than before

  calls over mutual TLS
   ! + node-agent → infra-adapter:grpc
         mode strict
         known to the callee, the caller
         network into the callee, out of the caller
         and 2 more

! needs a reviewer: it allows more than before, or this program can't tell
`);
  });

  test('the README of examples/gitops shows what is said', () => {
    const wider = changed(SENTINEL, copy => {
      (copy.services['node-agent'] as Writable<Fleet['services'][string]>).calls = ['control-api:https', 'infra-adapter:grpc'];
    });
    const said = differencesText(diffTrees(renderOne(SENTINEL, 'prod'), renderOne(wider, 'prod')));
    const readme = readFileSync(join(__dirname, '../../../examples/gitops/README.md'), 'utf8');
    expect(readme).toContain(`\`\`\`\n${said.split('\n').slice(0, -3).join('\n')}\n\`\`\``);
  });

  test('a call that is not declared any more is no matter for a reviewer', () => {
    const text = afterChange(copy => {
      (copy.services['pipeline-controller'] as Writable<Fleet['services'][string]>).calls = ['control-api:https'];
    });
    expect(text.split('\n')[0]).toBe('dev: 1 difference');
    expect(text).toContain('     - pipeline-controller → infra-adapter:grpc');
  });

  test('a mode that lets more through', () => {
    const text = afterChange(copy => {
      copy.mode = 'audit';
    });
    expect(text.split('\n')[0]).toMatch(/^dev: \d+ differences, \d+ allow more than before, \d+ to review$/);
    expect(text).toContain('mode strict → audit (weaker)');
    expect(text).toContain(' → infra-adapter:grpc');
  });

  test('lives that become longer are one line, and marked', () => {
    const text = afterChange(copy => {
      copy.certificates = { ...copy.certificates, duration: '4320h' };
    });
    expect(
      text,
    ).toContain(`   ! ~ sentinel-system/control-api-tls, sentinel-system/infra-adapter-tls, sentinel-system/node-agent-tls, sentinel-system/pipeline-controller-tls
         lifetime 90 days → 180 days (weaker)`);
  });

  test.each([
    [
      'a shorter life',
      'identity.yaml',
      'duration: 2160h0m0s',
      'duration: 720h0m0s',
      'certificates\n     ~ sentinel-system/control-api-tls: lifetime 90 days → 30 days (stronger)',
    ],
    [
      'a smaller key',
      'identity.yaml',
      'size: 2048',
      'size: 1024',
      'certificates\n   ! ~ sentinel-system/control-api-tls: key size 2048 → 1024 (weaker)',
    ],
    [
      'a key that is kept',
      'identity.yaml',
      'rotationPolicy: Always',
      'rotationPolicy: Never',
      'key at renewal a new key (Always) → the same key (Never) (weaker)',
    ],
    [
      'a usage more',
      'identity.yaml',
      '    - key encipherment\n',
      '    - key encipherment\n    - code signing\n',
      'usages with code signing (weaker)',
    ],
    [
      'a DNS name more',
      'identity.yaml',
      '    - control-api\n',
      '    - control-api\n    - admin.example.com\n',
      'identities\n   ! ~ sentinel-system/control-api-tls: DNS names with admin.example.com (weaker)',
    ],
    [
      'another issuer',
      'identity.yaml',
      'name: sentinel-ca-issuer',
      'name: letsencrypt',
      'issuer ClusterIssuer sentinel-ca-issuer → ClusterIssuer letsencrypt (review)',
    ],
    [
      'another identity',
      'identity.yaml',
      'sa/control-api',
      'sa/admin',
      'SPIFFE IDs without spiffe://sentinel.internal/ns/sentinel-system/sa/control-api, with spiffe://sentinel.internal/ns/sentinel-system/sa/admin (review)',
    ],
    [
      'a leaf that may sign',
      'identity.yaml',
      'spec:\n  commonName',
      'spec:\n  isCA: true\n  commonName',
      'authorities and roots\n   ! + sentinel-system/control-api-tls',
    ],
    [
      'a port without TLS',
      'policy.yaml',
      '"port": 8000,',
      '"port": 8000, "plainPort": 8080,',
      'control-api:https: port without TLS with 8080 (weaker)',
    ],
    [
      'a namespace that is opened',
      'network.yaml',
      /\n {10}podSelector:\n {12}matchLabels:\n {14}app\.kubernetes\.io\/name: node-agent\n {14}sentinel-mtls\.io\/fleet: sentinel/,
      '',
      '   ! + every pod in sentinel-system → control-api:https (TCP 8000): open into the callee',
    ],
    [
      'a rule without ports',
      'network.yaml',
      /\n {6}ports:\n {8}- port: 8000\n {10}protocol: TCP/,
      '',
      'node-agent → control-api (every port): open into the callee',
    ],
    [
      'addresses instead of pods',
      'network.yaml',
      /- namespaceSelector:\n {12}matchLabels:\n {14}kubernetes\.io\/metadata\.name: monitoring\n {10}podSelector:\n {12}matchLabels:\n {14}app\.kubernetes\.io\/name: prometheus/,
      '- ipBlock: { cidr: 0.0.0.0/0 }',
      '   ! + addresses 0.0.0.0/0 → control-api:metrics (TCP 9090): open into the callee',
    ],
    [
      'pods that are not closed any more',
      'network.yaml',
      '    - Ingress\n    - Egress\n',
      '    - Egress\n',
      'control-api closed but for what is opened: directions without Ingress (weaker)',
    ],
    [
      'a root more',
      'trust.yaml',
      '  sources:\n',
      '  sources:\n    - useDefaultCAs: true\n',
      'Bundle sentinel-ca-bundle: roots with default authorities of the trust package: true (weaker)',
    ],
    [
      'another image',
      'workload.yaml',
      'control-api:0.4.0',
      'control-api:0.5.0',
      'workloads\n     ~ Deployment sentinel-system/control-api\n         containers[control-api].image ghcr.io/sentinel/control-api:0.4.0 → ghcr.io/sentinel/control-api:0.5.0',
    ],
    [
      'a container that may become root',
      'workload.yaml',
      'runAsNonRoot: true',
      'runAsNonRoot: false',
      'containers[control-api].securityContext.runAsNonRoot true → false (weaker)',
    ],
    [
      'a process that is told to do without',
      'workload.yaml',
      'value: "true"',
      'value: "false"',
      'containers[control-api].env[MTLS_ENABLED].value true → false (review)',
    ],
    [
      'a plane that is not applied',
      'kustomization.yaml',
      '  - network.yaml\n',
      '',
      '   ! ~ kustomization.yaml: resources without network.yaml (review)',
    ],
    [
      'an alert that is gone',
      'monitoring.yaml',
      / {8}- alert: MtlsCAExpiring\n(?: {10}.*\n)+/,
      '',
      'monitoring\n   ! - alert MtlsCAExpiring (critical)',
    ],
  ])('%s', (_name, path, from, to, expected) => {
    expect(afterEdit(path, from, to)).toContain(expected);
  });

  test('labels and annotations of every object are one line', () => {
    const files = new Map(
      [...DEV.files].map(([path, bytes]) => [
        path,
        Buffer.from(Buffer.from(bytes).toString().replaceAll('\n  labels:\n', '\n  labels:\n    cost-centre: "42"\n')),
      ]),
    );
    const text = differencesText(diffTrees(DEV, { name: DEV.name, files }));
    expect(text.split('\n')[0]).toMatch(/^dev: \d{2} differences$/);
    expect(text.match(/cost-centre/g)?.length).toBe(1);
  });

  test('a new fleet member is told by what it may do, not by its objects', () => {
    const text = afterChange(copy => {
      copy.services.auditor = {
        image: 'ghcr.io/sentinel/auditor:1.0.0',
        ports: { https: { port: 8003, protocol: 'https' } },
        calls: ['control-api:https'],
      };
    });
    expect(text).toMatchSnapshot();
    expect(text).toContain('   ! + auditor → control-api:https');
    expect(text).toContain('SPIFFE IDs spiffe://sentinel.internal/ns/sentinel-system/sa/auditor');
  });

  test('a new workload that may leave its container is marked, in a new object as well', () => {
    const pod = { containers: [{ name: 'x', image: 'x', securityContext: { privileged: true, capabilities: { add: ['SYS_ADMIN'] } } }] };
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'x', namespace: 'n' },
      spec: { template: { spec: pod } },
    };
    const text = differencesText(diffTrees(DEV, withFile(DEV, 'x.yaml', JSON.stringify(object))));
    expect(text).toContain(`   ! + Deployment n/x
         containers[x].image x
         containers[x].securityContext.privileged true
         containers[x].securityContext.capabilities.add SYS_ADMIN`);
  });

  test('a whole output, grouped by environment, one of them new', () => {
    const wider = changed(SENTINEL, copy => {
      copy.environments.perf = { authority: { sameAs: 'staging' } };
      const prod = copy.environments.prod as Writable<Fleet['environments'][string]>;
      prod.services = { ...prod.services, 'infra-adapter': { replicas: 4 } };
    });
    const differences = diffTrees(render(SENTINEL), render(wider));
    expect(differences.map(({ environment, change }) => [environment, change])).toEqual([
      ['perf', 'added'],
      ['prod', 'changed'],
    ]);
    expect(differencesText(differences)).toContain('  workloads\n     ~ Deployment sentinel-system/infra-adapter: replicas 1 → 4');
    expect(diffTrees(render(SENTINEL), render(wider), { environments: ['prod'] }).length).toBe(1);
  });

  test('markdown for a pull request', () => {
    const now = edited(DEV, 'identity.yaml', 'duration: 2160h0m0s', 'duration: 8760h0m0s');
    expect(differencesMarkdown(diffTrees(DEV, now))).toBe(`<!-- sentinel-mtls diff -->
### What this changes in the fleet

#### \`dev: 1 difference, 1 allows more than before\`

**certificates**
- ⚠️ changed \`sentinel-system/control-api-tls\`: \`lifetime 90 days → 365 days (weaker)\`

⚠️ needs a reviewer: it allows more than before, or the program can't tell.
`);
    expect(differencesMarkdown([])).toContain('Nothing: no call, identity, certificate or opening differs.');
  });
});

describe('two places that are no pair', () => {
  const empty: Tree = { name: 'empty', files: new Map() };

  test.each([
    ['an output and one environment', render(SENTINEL), DEV, /dist holds environments, but dev is the folder of one/],
    ['nothing rendered', empty, DEV, /empty holds no rendered manifests/],
    [
      'a policy.json that no process would read',
      DEV,
      edited(DEV, 'policy.yaml', '"mode": "strict"', '"mode": "lax"'),
      /policy\.yaml:\d+ policy\.json has the unknown mode "lax"/,
    ],
    ['broken YAML', DEV, withFile(DEV, 'trust.yaml', 'kind: [\n'), /trust\.yaml:\d+ is not valid YAML/],
  ])('%s', (_name, old, now, message) => {
    expect(() => diffTrees(old, now)).toThrow(message);
  });

  test('an environment that neither has', () => {
    expect(() => diffTrees(render(SENTINEL), render(SENTINEL), { environments: ['moon'] })).toThrow(
      /there is no environment "moon" .*\n {2}there: dev, prod, staging/,
    );
  });
});
