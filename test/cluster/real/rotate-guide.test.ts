import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cli, ROOT } from '../../cli/_cli.js';
import { RealCluster, until } from './_cluster.js';
import { PlayedPod } from './_pods.js';
import { bundle, isReady, items, rendered, rotationTools } from './_rotation.js';

const tools = rotationTools();
const withCluster = tools === undefined ? test.skip : test;

jest.setTimeout(300_000);

const page = readFileSync(join(ROOT, 'docs', 'guide', 'rotate-ca.md'), 'utf8');
const blocks = [...page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = '', text = '']) => ({ info, text }));
const folder = mkdtempSync(join(tmpdir(), 'sentinel-mtls-guide-'));

let cluster: RealCluster;
let pods: PlayedPod[] = [];

afterAll(async () => {
  for (const pod of pods) await pod.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true });
});

/** As a reader of the page does, with sentinel-mtls in PATH and a kubeconfig; beside this process, which plays the kubelet. */
function follow(text: string): Promise<{ readonly text: string; readonly code: number | null; readonly printed: string }> {
  const env = { ...process.env, PATH: `${join(folder, '.bin')}${delimiter}${process.env.PATH ?? ''}`, KUBECONFIG: cluster.kubeconfig() };
  return new Promise(resolve => {
    const child = execFile('bash', ['-euc', text], { cwd: folder, env, encoding: 'utf8', timeout: 240_000 }, (_, stdout, stderr) =>
      resolve({ text, code: child.exitCode, printed: stdout + stderr }),
    );
  });
}

withCluster('whoever follows docs/guide/rotate-ca.md in a cluster has a new root, and nothing that is left over', async () => {
  if (tools === undefined) return;
  mkdirSync(join(folder, '.bin'));
  const main = join(ROOT, 'build', 'lib', 'cli', 'main.js');
  writeFileSync(join(folder, '.bin', 'sentinel-mtls'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'fleet.yaml'), blocks.find(({ info }) => info === 'yaml file=fleet.yaml')?.text ?? '');
  expect(cli(['synth'], folder)).toMatchObject({ code: 0 });
  cluster = await RealCluster.start(tools);
  await cluster.installDefinitions();
  await cluster.startController();
  await cluster.startTrustManager(tools.trustManager);
  await cluster.apply(['cert-manager', 'shop'].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
  await cluster.apply(rendered('dev', ['authority', 'trust', 'identity', 'policy'], join(folder, 'dist')));
  await until('every Certificate is ready', 90, async () => {
    const certificates = items(cluster, 'certificates');
    return certificates.length === 3 && certificates.every(isReady) && bundle(cluster, 'shop').length === 1;
  });
  const options = { fleet: 'shop', namespace: 'shop' };
  pods = await Promise.all(['web', 'orders'].map((service, index) => PlayedPod.start(cluster, service, index + 1, options)));
  const [old] = bundle(cluster, 'shop');

  const commands = blocks.filter(({ info }) => info === 'sh cluster');
  expect(commands).toHaveLength(4);
  for (const { text } of commands) {
    const ended = await follow(text);
    expect(ended).toEqual({ text, code: 0, printed: expect.any(String) });
    expect(ended.printed).not.toMatch(/PRIVATE KEY|BEGIN/);
  }
  const roots = bundle(cluster, 'shop');
  expect(roots).toHaveLength(1);
  expect(roots[0]?.fingerprint256).not.toBe(old?.fingerprint256);
  expect(items(cluster, 'configmaps').map(({ metadata }) => metadata.name)).not.toContain('shop-old-root');
  // the value that was emptied is cert-manager's again
  const secret = JSON.parse(
    cluster.kubectl(['get', 'secret', 'shop-ca-secret', '-n', 'cert-manager', '-o', 'json', '--show-managed-fields']),
  ) as {
    metadata: { managedFields: { manager: string; fieldsV1: Record<string, unknown> }[] };
  };
  const writers = secret.metadata.managedFields.filter(({ fieldsV1 }) => 'f:data' in fieldsV1).map(({ manager }) => manager);
  expect(writers).toEqual([expect.stringContaining('cert-manager')]);
});
