import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, workspace } from './_cli.js';

const DEBUG = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: debug, namespace: sentinel-system }
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector: {}
`;

function rendered(): string {
  const folder = workspace();
  expect(cli(['synth'], folder).code).toBe(0);
  return folder;
}

describe('sentinel-mtls verify', () => {
  test('calls what synth wrote fine', () => {
    const { code, stdout } = cli(['verify'], rendered());
    expect(code).toBe(0);
    for (const environment of ['dev', 'staging', 'prod']) expect(stdout).toContain(`verify fleet sentinel, environment ${environment}`);
    expect(stdout).not.toContain(' error ');
  });

  test('calls a service fine that listens and that nobody calls; a server that somebody calls needs "server auth"', () => {
    const folder = workspace();
    const fleet = `fleet: shop
namespace: shop
trustDomain: shop.internal
team: shop
environments: { dev: { authority: { selfSigned: {} } } }
services:
  web: { image: 'w:1', ports: { https: { port: 8443, protocol: https } }, calls: ['orders:https'] }
  orders: { image: 'o:1', ports: { https: { port: 8443, protocol: https } }, calls: ['stock:https'] }
  stock: { image: 's:1', ports: { https: { port: 8443, protocol: https } } }
`;
    writeFileSync(join(folder, 'shop.yaml'), fleet);
    expect(cli(['synth', '-f', 'shop.yaml', '-o', 'out'], folder).code).toBe(0);
    const verify = ['verify', '-f', 'shop.yaml', '--manifests', 'out'];
    expect(cli(verify, folder)).toMatchObject({ code: 0, stdout: expect.not.stringContaining('SMT-C003') });
    const file = join(folder, 'out/dev/identity.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/ {4}- server auth\n/, ''));
    expect(cli(verify, folder)).toMatchObject({ code: 1, stdout: expect.stringContaining('error SMT-C003') });
  });

  test('finds what somebody else allows, with file, line, layer and what mends it; json says the same', () => {
    const folder = rendered();
    writeFileSync(join(folder, 'dist/dev/debug.yaml'), DEBUG);
    const { code, stdout } = cli(['verify', '--env', 'dev'], folder);
    expect(code).toBe(1);
    expect(stdout).toMatch(/dist\/dev\/debug\.yaml:9 error network-extra\n.*any pod of another namespace → control-api:1\/TCP/);
    expect(stdout).toContain('mend: remove spec.ingress[0] of NetworkPolicy sentinel-system/debug');
    const json = JSON.parse(cli(['verify', '--env', 'dev', '--format', 'json'], folder).stdout);
    expect(json).toMatchObject({ schemaVersion: 1, passed: false });
    expect(json.verdicts[0].findings).toContainEqual(expect.objectContaining({ check: 'relations', code: 'network-extra', line: 9 }));
  });

  test('takes the files of other teams beside those of the fleet', () => {
    const folder = rendered();
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'other/debug.yaml'), DEBUG);
    const args = ['verify', '-f', 'fleet.yaml', '--env', 'dev', 'dist/dev', 'other'];
    expect(cli(args, folder)).toMatchObject({ code: 1, stdout: expect.stringContaining('other/debug.yaml:9 error network-extra') });
    expect(cli(args.slice(0, -1), folder).code).toBe(0);
  });

  test('calls nothing fine that it has not seen', () => {
    const folder = workspace();
    mkdirSync(join(folder, 'empty'));
    const { code, stdout, stderr } = cli(['verify', 'empty'], folder);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('nothing was checked');
  });

  test('needs no fleet for YAML of others, and reads on behind what is broken', () => {
    const folder = workspace();
    writeFileSync(join(folder, 'a.yaml'), '{ broken\n');
    writeFileSync(
      join(folder, 'b.yaml'),
      DEBUG.replace('policyTypes', 'policyType').replace('namespaceSelector: {}', 'ipBlock: { cidr: 10.0.0.0/33 }'),
    );
    const { code, stdout } = cli(['verify', 'a.yaml', 'b.yaml'], folder);
    expect(code).toBe(1);
    expect(stdout).toMatch(/a\.yaml:\d+ error SMT-X001/);
    expect(stdout).toContain('b.yaml:6 error unknownField');
    expect(stdout).toContain('b.yaml:9 error network-undecided');
  });

  test.each([
    [['verify', 'x.yaml', '--env', 'dev'], '--env is given without a fleet'],
    [['verify', '-f', 'fleet.yaml', 'fleet.yaml'], 'paths are given for 3 environments'],
    [['graph', 'tree'], 'graph can\'t show "tree"'],
    [['graph', 'blast'], 'graph blast takes one service'],
    [['graph', 'blast', 'contrl-api'], 'did you mean "control-api"?'],
    [['prove', 'dist'], 'prove takes no argument'],
    [['prove', '--explain', 'web'], 'expected a caller and a port'],
  ])('%p is bad usage', (args, text) => {
    expect(cli(args, workspace())).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(text) });
  });
});

describe('sentinel-mtls prove --explain and graph', () => {
  test('walk through a call, and say how far a stolen key reaches', () => {
    const folder = rendered();
    const walk = cli(['prove', '--explain', 'node-agent', 'infra-adapter:grpc', '--env', 'prod'], folder);
    expect(walk).toMatchObject({ code: 0, stdout: expect.stringContaining('stopped by egress and ingress and identity, as declared') });
    expect(walk.stdout).toMatch(/dist\/prod\/network\.yaml:\d+ NetworkPolicy sentinel-system\/infra-adapter-mtls-only spec\.ingress/);
    expect(cli(['prove', '--explain', 'node-agent', 'infra-adaptor:grpc'], folder)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "infra-adapter"?'),
    });
    expect(JSON.parse(cli(['graph', '--format', 'json'], folder).stdout)).toMatchObject({
      schemaVersion: 1,
      calls: expect.arrayContaining([expect.objectContaining({ caller: 'node-agent' })]),
    });
    expect(cli(['graph', 'blast', 'control-api'], folder).stdout).toContain('after 2 calls  infra-adapter');
  });
});

describe('names of others', () => {
  // a name that clears the screen, colours it, and writes a verdict over the line
  const HOSTILE = `apiVersion: apps/v1
kind: Deployment
metadata: { name: "a\\e[2J\\e[31m\\rfine: 35 objects", namespace: sentinel-system }
spec:
  selector: { matchLabels: { app: control-api } }
  template:
    metadata: { labels: { app: control-api, app.kubernetes.io/name: control-api } }
    spec: { containers: [{ name: a, image: a }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: "b\\e[2J\\u202e", namespace: sentinel-system }
spec: { podSelector: {}, ingress: [{}] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: "c\\e[2J", namespace: sentinel-system }
spec: { podSelector: { matchLabels: { app: 7 } } }
`;

  test.each([
    [['verify', '--env', 'dev']],
    [['prove', '--env', 'dev']],
    [['prove', '--env', 'dev', '--explain', 'node-agent', 'infra-adapter:grpc']],
    [['verify', 'dist/dev']],
    [['graph', 'network', 'dist/dev']],
    [['lint', 'dist/dev']],
  ])('%j shows them, and a terminal obeys none', words => {
    const folder = workspace();
    expect(cli(['synth', '--env', 'dev'], folder).code).toBe(0);
    writeFileSync(join(folder, 'dist/dev/hostile.yaml'), HOSTILE);
    const { stdout, stderr } = cli(words, folder);
    expect(stdout).toMatch(/[abc]\\u\{1b\}\[2J/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not come out
    expect(`${stdout}${stderr}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});
