import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { program } from '../_programs';
import { planOf, write } from './promtool-plans';

interface Inhibition {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

const optionOf = (environment: string, file: string): string => write(planOf(environment)).files[`monitoring/options/${file}`] ?? '';
const inhibitionsOf = (environment: string): readonly Inhibition[] =>
  parse(optionOf(environment, 'alertmanager-inhibit.yaml')).inhibit_rules;
const namesOf = (matchers: readonly string[]): string[] => (/^alertname=~"(.*)"$/.exec(matchers[1] ?? '')?.[1] ?? '').split('|');

/** Runs a program on a file that is gone afterwards. */
function check(path: string, text: string, ...args: readonly string[]): { readonly status: number | null; readonly text: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sentinel-options-'));
  try {
    const file = join(folder, 'file.yaml');
    writeFileSync(file, text);
    const { status, stdout, stderr } = spawnSync(
      path,
      args.map(arg => arg.replace('FILE', file)),
      { encoding: 'utf8', timeout: 30_000 },
    );
    return { status, text: `${stdout}${stderr}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ENVIRONMENTS = ['dev', 'staging', 'prod', 'short', 'public'];

describe('inhibition rules for Alertmanager', () => {
  test.each(ENVIRONMENTS)('of "%s" name alerts that there are, and silence none by itself', environment => {
    const rules = write(planOf(environment)).files['monitoring/rules.yaml'] ?? '';
    const alerts = new Set([...rules.matchAll(/- alert: (\w+)/g)].map(match => match[1] ?? ''));
    const inhibitions = inhibitionsOf(environment);
    expect(inhibitions.length).toBeGreaterThanOrEqual(3);
    for (const { source_matchers, target_matchers, equal } of inhibitions) {
      const [sources, targets] = [namesOf(source_matchers), namesOf(target_matchers)];
      for (const name of [...sources, ...targets]) expect([name, alerts.has(name)]).toEqual([name, true]);
      expect(sources.filter(name => targets.includes(name))).toEqual([]);
      expect(source_matchers[0]).toBe('fleet="sentinel"');
      expect(equal).toContain('fleet');
    }
  });

  test('a critical alert about one certificate leaves the warnings about its neighbours', () => {
    const [first] = inhibitionsOf('dev');
    expect(first?.equal).toEqual(['fleet', 'namespace', 'name']);
    expect(namesOf(first?.source_matchers ?? [])).toContain('MtlsCertificateExpired');
    expect(namesOf(first?.target_matchers ?? [])).toContain('CertificateExpiringSoon');
  });

  const amtool = program('amtool');
  (amtool === undefined ? test.skip : test).each(ENVIRONMENTS)('amtool accepts those of "%s", and would not accept others', environment => {
    const rest = 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n';
    const text = optionOf(environment, 'alertmanager-inhibit.yaml');
    expect(check(amtool ?? '', `${rest}${text}`, 'check-config', 'FILE')).toMatchObject({
      status: 0,
      text: expect.stringMatching(/ [34] inhibit rules/),
    });
    expect(check(amtool ?? '', `${rest}${text.replace('fleet="', 'fleet=="')}`, 'check-config', 'FILE').status).not.toBe(0);
  });
});

describe('settings of exporters', () => {
  const blackbox = program('prometheus-blackbox-exporter');
  (blackbox === undefined ? test.skip : test)('the blackbox exporter accepts its module, and would not accept another', () => {
    const text = optionOf('dev', 'blackbox.yaml');
    expect(check(blackbox ?? '', text, '--config.file=FILE', '--config.check')).toMatchObject({ status: 0 });
    expect(check(blackbox ?? '', text.replace('ca_file', 'cafile'), '--config.file=FILE', '--config.check').status).not.toBe(0);
    expect(parse(text).modules.sentinel_mtls.tcp.tls_config).toEqual({
      ca_file: '/etc/sentinel/certs/ca.crt',
      cert_file: '/etc/sentinel/certs/tls.crt',
      key_file: '/etc/sentinel/certs/tls.key',
    });
  });

  test('its targets are the ports with TLS, by the labels of the fleet', () => {
    expect(parse(optionOf('dev', 'blackbox-targets.yaml'))).toEqual([
      {
        targets: ['control-api.sentinel-system.svc.cluster.local:8000'],
        labels: { fleet: 'sentinel', namespace: 'sentinel-system', service: 'control-api', team: 'platform' },
      },
      {
        targets: ['pipeline-controller.sentinel-system.svc.cluster.local:8001'],
        labels: { fleet: 'sentinel', namespace: 'sentinel-system', service: 'pipeline-controller', team: 'pipelines' },
      },
    ]);
  });

  test('the x509 exporter looks at the namespaces of the fleet and at that of its authorities alone', () => {
    const values = parse(optionOf('dev', 'x509-exporter.values.yaml'));
    expect(values.secretsExporter.includeNamespaces).toEqual(['cert-manager', 'sentinel-system']);
    expect(values.secretsExporter.configMapKeys).toEqual(['ca.crt']);
    expect(values.prometheusRules.create).toBe(false);
  });
});
