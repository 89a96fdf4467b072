import type { KubernetesObject } from '../../lib/objects';
import type { SourceFacts } from '../examples/source-facts';

interface Service {
  readonly name: string;
  readonly kind: string;
  readonly workloads: readonly string[];
  readonly account: string;
}

/** Manifests that say what the facts about a system say, with calls in environment variables, as such systems have them. */
export function manifestsOf(facts: SourceFacts, namespace: string): KubernetesObject[] {
  const services = facts.workloads.map((line): Service => {
    const [name = '', kind = '', workloads = '', account = ''] = line.split(' ');
    return { name, kind, workloads: workloads.split(','), account };
  });
  const holder = (name: string): Service | undefined => services.find(each => each.name === (facts.sameWorkload[name] ?? name));
  const objects: KubernetesObject[] = [];
  for (const service of services) {
    const app = facts.sameWorkload[service.name] ?? service.name;
    const ports = facts.ports.map(line => line.split(' ')).filter(([name]) => name === service.name);
    if (ports.length > 0)
      objects.push({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: service.name, namespace },
        spec: {
          selector: { app },
          type: service.name.endsWith('-external') ? 'LoadBalancer' : 'ClusterIP',
          ports: ports.map(([, name, numbers = '', transport = 'TCP']) => {
            const [port, target] = numbers.split('/').map(Number);
            return { name, port, protocol: transport, ...(target === undefined ? {} : { targetPort: target }) };
          }),
        },
      });
    if (app !== service.name) continue;
    const calls = facts.calls.map(line => line.split(' ')).filter(([caller]) => holder(caller ?? '')?.name === app);
    for (const [index, workload] of service.workloads.entries())
      objects.push({
        apiVersion: 'apps/v1',
        kind: service.kind,
        metadata: { name: workload, namespace },
        spec: {
          selector: { matchLabels: { app } },
          template: {
            metadata: { labels: { app, version: `v${index + 1}` } },
            spec: {
              ...(service.account === '-' ? {} : { serviceAccountName: service.account }),
              containers: [
                {
                  name: 'server',
                  image: 'example.com/server:1',
                  env: calls.map(([, callee = '', port], number) => ({
                    name: `UPSTREAM_${number}_ADDR`,
                    value: [
                      `${callee}:${port}`,
                      `http://${callee}.${namespace}:${port}/api`,
                      `${callee}.${namespace}.svc.cluster.local:${port}`,
                    ][number % 3],
                  })),
                },
              ],
            },
          },
        },
      });
  }
  return objects;
}
