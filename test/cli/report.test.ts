import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli, ROOT, workspace } from './_cli.js';

const OPEN = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: "</script><b>debug", namespace: sentinel-system }
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
    - from:
        - namespaceSelector: {}
`;

describe('sentinel-mtls report', () => {
  test('needs a fleet alone: it reports on what synth would write, and writes nothing else', () => {
    const folder = workspace();
    const { code, stdout } = cli(['report', '-o', 'report.html'], folder);
    expect(code).toBe(0);
    expect(stdout).toBe('report.html: report of fleet sentinel, environment dev\n');
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toContain('Not limited: who may obtain a certificate');
    expect(page).not.toContain('&lt;memory&gt;');
    expect(cli(['verify'], folder).code).toBe(2);
  });

  test.each(['dev', 'staging', 'prod'])('for %s it says the same of the committed manifests as of those in memory', environment => {
    const ofMemory = cli(['report', '--env', environment, '--format', 'markdown']);
    const ofFolder = cli(['report', '--env', environment, '--format', 'markdown', '--manifests', 'dist']);
    expect(ofMemory.code).toBe(0);
    // findings of files have a place
    expect(ofFolder.stdout.replace(/ `dist\/[^`]*`/g, '')).toBe(ofMemory.stdout);
  });

  test('prod, with request policies and Vault, is proved in all layers', () => {
    expect(cli(['report', '--env', 'prod', '--format', 'markdown']).stdout).toContain('Proved: exactly the declared calls are possible');
  });

  test('what somebody else opened makes it fail, with file and line, and the name of the object stays a text', () => {
    const folder = workspace();
    expect(cli(['synth'], folder).code).toBe(0);
    writeFileSync(join(folder, 'dist/dev/debug.yaml'), OPEN);
    const { code, stdout } = cli(['report', '--manifests', 'dist'], folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Not proved: \d+ differences/);
    expect(stdout).toContain('dist/dev/debug.yaml:9');
    expect(stdout).toContain('&lt;/script&gt;&lt;b&gt;debug');
    expect(stdout).not.toContain('<b>debug');
  });

  test.each([
    [['report', 'a.yaml', 'b.yaml'], 'report takes one fleet'],
    [['report', '--format', 'pdf'], 'expected html or markdown'],
    [['report', '--env', 'nowhere'], 'there is no environment "nowhere"'],
    [['report', '--manifests', 'nowhere'], 'there are no manifests in nowhere/dev'],
    [['report', '-o', 'no-folder/report.html'], 'no-folder/report.html'],
  ])('%j is an error that says what was expected', (args, told) => {
    expect(cli(args)).toMatchObject({ code: 2, stderr: expect.stringContaining(told), stdout: '' });
  });

  test('the page of each example fleet is below 200 KB', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sentinel-report-'));
    for (const name of ['argo-cd', 'emojivoto', 'istio-bookinfo', 'online-boutique', 'opentelemetry-demo']) {
      const file = join(folder, `${name}.html`);
      expect(cli(['report', join(ROOT, 'examples', name), '-o', file]).code).toBe(0);
      expect(readFileSync(file).length).toBeLessThan(200_000);
    }
  });
});
