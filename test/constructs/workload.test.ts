import fc from 'fast-check';
import { parse } from 'yaml';
import { Workload } from '../../lib/constructs/workload';
import type { Plan } from '../../lib/fleet/plan';
import { sentinelPlan, withService } from './_plan';
import { randomPlan } from './_random-plan';
import { byName, files, named, type Rendered, synth, valuesOf } from './_synth';

const objectsOf = (plan: Plan): Rendered[] => synth(chart => new Workload(chart, 'workload', { plan }));
const filesOf = (plan: Plan) => files(scope => new Workload(scope, 'workload', { plan }));

/** The pod template of a workload of any kind. */
function templateOf(workload: Rendered) {
  return workload.spec.template ?? workload.spec.jobTemplate.spec.template;
}

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job'];
const workloadsOf = (objects: readonly Rendered[]) => objects.filter(object => KINDS.includes(object.kind));
const containerOf = (plan: Plan, kind: string, name: string) => templateOf(named(objectsOf(plan), kind, name)).spec.containers[0];

describe('the workload plane', () => {
  const objects = objectsOf(sentinelPlan());

  test('has an account and a workload a service, and a Service where there are ports', () => {
    expect(Object.keys(byName(objects, 'ServiceAccount'))).toHaveLength(6);
    expect(workloadsOf(objects)).toHaveLength(6);
    expect(byName(objects, 'Service')).not.toHaveProperty('nightly-report');
    expect(objects).toMatchSnapshot();
  });

  test('mounts certificate, key, roots and allow-list as one folder that is read-only', () => {
    const { spec } = templateOf(named(objects, 'Deployment', 'control-api'));
    expect(spec.containers[0].volumeMounts).toEqual([{ name: 'mtls', mountPath: '/etc/sentinel/certs', readOnly: true }]);
    const [volume] = spec.volumes;
    expect(volume.projected.defaultMode).toBe(288);
    expect(valuesOf(volume, 'path')).toEqual(['tls.crt', 'tls.key', 'ca.crt', 'policy.json']);
    expect(valuesOf(volume, 'name')).toEqual(['mtls', 'control-api-tls', 'sentinel-ca-bundle', 'control-api-mtls-policy']);
    expect(spec.securityContext.fsGroup).toBe(65532);
  });

  test('tells the runtime where everything is', () => {
    const env = Object.fromEntries(
      containerOf(sentinelPlan(), 'Deployment', 'control-api').env.map((entry: Rendered) => [entry.name, entry.value]),
    );
    expect(env).toEqual({
      MTLS_ENABLED: 'true',
      MTLS_MODE: 'strict',
      MTLS_CERT_PATH: '/etc/sentinel/certs/tls.crt',
      MTLS_KEY_PATH: '/etc/sentinel/certs/tls.key',
      MTLS_CA_CERT_PATH: '/etc/sentinel/certs/ca.crt',
      MTLS_POLICY_PATH: '/etc/sentinel/certs/policy.json',
    });
  });

  test('has one entry for a variable that the service sets itself', () => {
    const plan = withService(sentinelPlan(), 'control-api', found => ({
      ...found,
      workload: {
        ...found.workload,
        env: [
          { name: 'LOG', value: 'debug' },
          { name: 'MTLS_MODE', value: 'audit' },
        ],
      },
    }));
    const { env } = containerOf(plan, 'Deployment', 'control-api');
    expect(env.filter((entry: Rendered) => entry.name === 'MTLS_MODE')).toEqual([{ name: 'MTLS_MODE', value: 'audit' }]);
    expect(env.at(-1)).toEqual({ name: 'LOG', value: 'debug' });
  });

  test('needs no certificate where mutual TLS is disabled', () => {
    const plan = withService(sentinelPlan(), 'control-api', found => ({ ...found, mode: 'disabled' as const }));
    const { spec } = templateOf(named(objectsOf(plan), 'Deployment', 'control-api'));
    expect(spec.containers[0].env[0]).toEqual({ name: 'MTLS_ENABLED', value: 'false' });
    expect(valuesOf(spec, 'volumes')).toEqual([]);
    expect(valuesOf(spec, 'volumeMounts')).toEqual([]);
  });

  test('probes a health port without TLS, and never one with mutual TLS', () => {
    const probed = containerOf(sentinelPlan(), 'Deployment', 'control-api');
    expect(probed.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 8080, scheme: 'HTTP' });
    expect(probed.readinessProbe.httpGet.port).toBe(8080);
    const other = containerOf(sentinelPlan(), 'Deployment', 'infra-adapter');
    expect(Object.keys(other).filter(key => key.endsWith('Probe'))).toEqual([]);
  });

  test('keeps what is restricted when a service adds to it', () => {
    const plan = withService(sentinelPlan(), 'control-api', found => ({
      ...found,
      workload: { ...found.workload, securityContext: { runAsUser: 1000, capabilities: { add: ['NET_BIND_SERVICE'] } } },
    }));
    expect(containerOf(plan, 'Deployment', 'control-api').securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  test('sends the port of a Service to that of the pod, by number', () => {
    expect(named(objects, 'Service', 'control-api').spec.ports[0]).toEqual({ name: 'https', port: 443, targetPort: 8000, protocol: 'TCP' });
  });

  test('offers the plain port beside the other in mode permissive', () => {
    expect(named(objects, 'Service', 'infra-adapter').spec.ports.map((entry: Rendered) => [entry.name, entry.port])).toEqual([
      ['grpc', 50051],
      ['plain-50050', 50050],
    ]);
  });

  test('lets the pods of a StatefulSet find each other before they are ready', () => {
    expect(named(objects, 'Service', 'ledger').spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
    expect(named(objects, 'StatefulSet', 'ledger').spec).toMatchObject({ serviceName: 'ledger', replicas: 3 });
  });

  test('gives a first pod ten minutes to get its certificate', () => {
    expect(named(objects, 'Deployment', 'control-api').spec.progressDeadlineSeconds).toBe(600);
  });

  test('selects pods by labels that no upgrade changes', () => {
    const before = named(objects, 'Deployment', 'control-api').spec.selector;
    const plan = sentinelPlan({ labels: { ...sentinelPlan().labels, 'app.kubernetes.io/version': '2.0.0' } });
    const after = named(objectsOf(plan), 'Deployment', 'control-api');
    expect(after.spec.selector).toEqual(before);
    expect(after.metadata.labels).toMatchObject({ 'app.kubernetes.io/version': '2.0.0' });
  });

  test('says which service has no schedule', () => {
    const plan = withService(sentinelPlan(), 'nightly-report', found => ({
      ...found,
      workload: { ...found.workload, schedule: undefined },
    }));
    expect(() => objectsOf(plan)).toThrow('service "nightly-report" is a CronJob without a schedule');
  });

  test('makes an account once where two services share it', () => {
    const plan = withService(sentinelPlan(), 'node-agent', found => ({ ...found, serviceAccount: 'control-api' }));
    expect(objectsOf(plan).filter(object => object.kind === 'ServiceAccount' && object.metadata.name === 'control-api')).toHaveLength(1);
  });
});

describe('an existing workload', () => {
  test('gets a patch and no manifest', () => {
    expect(objectsOf(sentinelPlan()).filter(object => object.metadata.name === 'legacy-scheduler')).toEqual([]);
    const written = filesOf(sentinelPlan());
    expect(Object.keys(written)).toEqual(['patches/sentinel-system-deployment-legacy-scheduler.yaml', 'patches/kustomization.yaml']);
    expect(written).toMatchSnapshot();
  });

  test('is patched with the volume, the environment and the label of the fleet', () => {
    const patch = parse(filesOf(sentinelPlan())['patches/sentinel-system-deployment-legacy-scheduler.yaml'] ?? '');
    expect(patch).toMatchObject({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'legacy-scheduler', namespace: 'sentinel-system' },
    });
    const { metadata, spec } = templateOf(patch);
    expect(metadata.labels).toEqual({ 'sentinel-mtls.io/fleet': 'sentinel' });
    expect(spec.containers.map((container: Rendered) => container.name)).toEqual(['scheduler']);
    expect(spec.volumes[0].projected.defaultMode).toBe(288);
    // The image and the selector stay with whoever deploys it.
    expect(spec.containers[0]).not.toHaveProperty('image');
    expect(patch.spec).not.toHaveProperty('selector');
  });

  test('is found in an overlay by kind and name, since its namespace may be set later', () => {
    const component = parse(filesOf(sentinelPlan())['patches/kustomization.yaml'] ?? '');
    expect(component).toMatchObject({ apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component' });
    expect(component.patches).toEqual([
      { path: 'sentinel-system-deployment-legacy-scheduler.yaml', target: { kind: 'Deployment', name: 'legacy-scheduler' } },
    ]);
  });

  test('has one patch for each of several workloads behind one Service, in the container named like it', () => {
    const plan = withService(sentinelPlan(), 'legacy-scheduler', found => ({
      ...found,
      workload: { ...found.workload, kind: 'CronJob' as const, names: ['day', 'night'], containers: [] },
    }));
    const written = filesOf(plan);
    expect(Object.keys(written).slice(0, 2)).toEqual([
      'patches/sentinel-system-cronjob-day.yaml',
      'patches/sentinel-system-cronjob-night.yaml',
    ]);
    const night = parse(written['patches/sentinel-system-cronjob-night.yaml'] ?? '');
    expect(night.apiVersion).toBe('batch/v1');
    expect(templateOf(night).spec.containers[0].name).toBe('night');
  });
});

describe('for any plan', () => {
  test('every pod is restricted, mounts no file by subPath and is selected by its own labels', () => {
    fc.assert(
      fc.property(randomPlan, plan => {
        for (const workload of workloadsOf(objectsOf(plan))) {
          const { metadata, spec } = templateOf(workload);
          expect(valuesOf(spec, 'subPath')).toEqual([]);
          expect(valuesOf(spec, 'optional')).toEqual([]);
          expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
          expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
          for (const { securityContext, ports = [], env } of spec.containers) {
            expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
            const keys = ports.map((entry: Rendered) => `${entry.containerPort}/${entry.protocol}`);
            expect(new Set(keys).size).toBe(keys.length);
            expect(new Set(env.map((entry: Rendered) => entry.name)).size).toBe(env.length);
          }
          if (workload.spec.selector) expect(metadata.labels).toMatchObject(workload.spec.selector.matchLabels);
        }
      }),
    );
  });
});
