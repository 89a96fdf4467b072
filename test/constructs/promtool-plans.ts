import { App, Chart } from 'cdk8s';
import { Manifest } from '../../lib/constructs/manifest';
import { Monitoring } from '../../lib/constructs/monitoring/index';
import { OutputFile } from '../../lib/constructs/output-file';
import type { Fleet, Plan } from '../../lib/fleet/index';
import { resolve } from '../../lib/fleet/resolve';

/** Four services as in the guide, under each kind of authority, and one environment with short-lived certificates. */
export const GUIDE: Fleet = {
  fleet: 'sentinel',
  namespace: 'sentinel-system',
  trustDomain: 'sentinel.internal',
  certificates: { duration: '2160h', renewBefore: '360h' },
  monitoring: { runbookBaseUrl: 'https://example.com/runbooks/' },
  environments: {
    dev: { authority: { selfSigned: {} } },
    staging: { authority: { selfSigned: { intermediate: { duration: '17520h' } } } },
    prod: {
      authority: {
        vault: { server: 'https://vault.example.com', path: 'pki_int/sign/sentinel', auth: { kubernetes: { role: 'sentinel' } } },
        roots: { configMap: 'sentinel-roots' },
      },
    },
    short: { authority: { selfSigned: {} }, certificates: { duration: '1h', renewBefore: '20m' } },
    public: {
      authority: { selfSigned: {}, namespaced: true },
      publicAuthority: {
        acme: {
          server: 'https://acme-v02.api.letsencrypt.org/directory',
          email: 'pki@example.com',
          solvers: [{ http01: { ingress: {} } }],
        },
      },
    },
  },
  services: {
    'control-api': {
      team: 'platform',
      ports: { https: { port: 8000, protocol: 'https' }, metrics: { port: 9100, protocol: 'metrics' } },
      calls: ['pipeline-controller:https'],
      image: 'example/control-api:1',
      publicCertificate: { dnsNames: ['api.example.com'] },
    },
    'pipeline-controller': {
      team: 'pipelines',
      ports: { https: { port: 8001, protocol: 'https' } },
      calls: ['control-api:https'],
      image: 'example/pipeline-controller:1',
    },
    'infra-adapter': { team: 'infra', calls: ['pipeline-controller:https'], image: 'example/infra-adapter:1' },
    'node-agent': {
      existing: { kind: 'DaemonSet', selector: { app: 'node-agent' } },
      ports: { metrics: { port: 9101, protocol: 'metrics', path: '/stats' } },
      calls: ['control-api:https'],
    },
  },
};

export const planOf = (environment: string, fleet: Fleet = GUIDE): Plan => resolve(fleet, environment);

/** A fleet of so many services in three namespaces. */
export function manyServices(count: number): Fleet {
  const services = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `service-${index}`,
      { namespace: `area-${index % 3}`, team: `team-${index % 7}`, image: 'example/service:1' },
    ]),
  );
  return { ...GUIDE, environments: { dev: { authority: { selfSigned: {} } } }, services };
}

export interface Written {
  readonly manifests: readonly Manifest[];
  /** Content by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** What the monitoring plane writes for a plan. */
export function write(plan: Plan): Written {
  const chart = new Chart(new App(), 'monitoring');
  const monitoring = new Monitoring(chart, 'monitoring', { plan });
  const children = monitoring.node.findAll();
  const files = children.filter(child => child instanceof OutputFile).map(file => [file.path, file.content] as const);
  return { manifests: children.filter(child => child instanceof Manifest), files: Object.fromEntries(files) };
}
