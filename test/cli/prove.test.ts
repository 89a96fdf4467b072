import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, workspace } from './_cli.js';

/** A workspace whose rendered dev manifests were changed by hand in one place. */
function tampered(file: string, from: string | RegExp, to: string): string {
  const folder = workspace();
  expect(cli(['synth'], folder).code).toBe(0);
  const path = join(folder, 'dist/dev', file);
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
  return folder;
}

const prove = (folder: string, ...more: string[]) => cli(['prove', '--env', 'dev', '--manifests', 'dist', ...more], folder);

describe('sentinel-mtls prove', () => {
  test('accepts what synth wrote', () => {
    const folder = workspace();
    cli(['synth'], folder);
    const { code, stdout } = prove(folder, '--handshakes');
    expect(code).toBe(0);
    expect(stdout).toContain('declared calls accepted                          5 of 5');
    expect(stdout).toContain('undeclared calls refused                         4 of 4');
  });

  test('a caller that is deleted from policy.json fails, naming the edge and the layer', () => {
    const folder = tampered(
      'policy.yaml',
      /\{\n\s+"spiffeId": "spiffe:\/\/sentinel\.internal\/ns\/sentinel-system\/sa\/node-agent",\n\s+"mode": "strict"\n\s+\},\n/,
      '',
    );
    const { code, stdout } = prove(folder, '--handshakes');
    expect(code).toBe(1);
    expect(stdout).toMatch(/node-agent → control-api:https is declared, but was refused\n\s+layer identity/);
  });

  test('a DNS name that is deleted from a Certificate fails, naming the edge and the layer', () => {
    const folder = tampered('identity.yaml', '    - control-api.sentinel-system.svc.cluster.local\n', '');
    const { code, stdout } = prove(folder, '--handshakes');
    expect(code).toBe(1);
    expect(stdout).toMatch(/pipeline-controller → control-api:https is declared, but was refused\n\s+layer tls/);
  });

  test('a SPIFFE ID that is deleted from a Certificate fails in the handshakes', () => {
    const folder = tampered('identity.yaml', / {2}uris:\n {4}- spiffe:\/\/sentinel\.internal\/ns\/sentinel-system\/sa\/node-agent\n/, '');
    const { code, stdout } = prove(folder, '--handshakes');
    expect(code).toBe(1);
    expect(stdout).toMatch(/node-agent → control-api:https/);
  });

  test.each([
    ['duration', 'duration: 2160h0m0s', 'duration: 2161h0m0s'],
    ['usages', '    - client auth\n', ''],
    ['issuerRef', 'name: sentinel-ca-issuer', 'name: other-issuer'],
    ['renewBefore', 'renewBefore: 360h0m0s', 'renewBefore: 361h0m0s'],
    ['secretName', 'secretName: control-api-tls', 'secretName: control-api-tls2'],
  ])('a changed %s is found without a handshake', (field, from, to) => {
    const { code, stdout } = prove(tampered('identity.yaml', from, to));
    expect(code).toBe(1);
    expect(stdout).toContain('control-api');
    expect(stdout).toContain(field);
  });

  test('a folder without manifests is bad usage', () => {
    expect(prove(workspace())).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('run sentinel-mtls synth first') });
  });

  test('json is one document with a schema version, and holds no key', () => {
    const folder = workspace();
    cli(['synth'], folder);
    const { code, stdout } = prove(folder, '--handshakes', '--format', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      passed: true,
      environments: [{ environment: 'dev', handshakes: { edges: { declared: 5, accepted: 5 } } }],
    });
    expect(stdout).not.toMatch(/BEGIN|PRIVATE/);
  });
});

describe('sentinel-mtls start', () => {
  const withoutTimes = (text: string): string => text.replace(/in \d+\.\d+ s/g, 'in ? s');

  test('prints the same twice but for times, and the counts of accepted and refused calls', () => {
    const folder = workspace();
    const [first, second] = [cli(['start'], folder), cli(['start'], folder)];
    expect(first.code).toBe(0);
    expect(withoutTimes(first.stdout)).toBe(withoutTimes(second.stdout));
    expect(first.stdout).toContain('exactly the declared calls are possible');
    expect(first.stdout).toMatch(/warning SMT-C008\n[\s\S]*?\n {2}fine: \d+ rules and the schemas, 35 objects, 0 errors, 1 warning\n/);
  });

  test('fails where a rule of the linter finds an error that no relation and no handshake shows', () => {
    const folder = workspace();
    const path = join(folder, 'fleet.yaml');
    const image = '    image: ghcr.io/sentinel/control-api:0.4.0\n';
    writeFileSync(path, readFileSync(path, 'utf8').replace(image, `${image}    env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" }\n`));
    const { code, stdout } = cli(['start', '--format', 'json'], folder);
    const { passed, environments } = JSON.parse(stdout);
    expect([code, passed]).toEqual([1, false]);
    for (const { objects, manifests, relations, handshakes } of environments) {
      expect(objects.findings.filter(({ severity }: { severity: string }) => severity === 'error')).toEqual([
        expect.objectContaining({ code: 'SMT-C027', object: 'Deployment sentinel-system/control-api', line: expect.any(Number) }),
      ]);
      expect([manifests.findings, relations.equal, handshakes.failures]).toEqual([[], true, []]);
    }
  });
});

describe('the command line', () => {
  test.each([
    [['nothing'], 2, 'there is no command "nothing"'],
    [['synth', '--bogus'], 2, "unknown option '--bogus'"],
    [['synth', '-f', 'absent.yaml'], 2, 'absent.yaml: no such file'],
    [['synth', '--env', 'moon'], 2, 'there is no environment "moon"'],
    [['prove', '--format', 'xml'], 2, 'format is "xml"'],
  ])('%p ends with %d and says why', (args, code, text) => {
    const result = cli(args, workspace());
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(text);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  test('--help lists the commands', () => {
    const { code, stdout } = cli(['--help']);
    expect(code).toBe(0);
    for (const command of ['start', 'synth', 'prove', 'dev-certs']) expect(stdout).toContain(`  ${command}`);
  });
});
