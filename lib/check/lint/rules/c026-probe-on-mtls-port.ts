import type { Rule } from '../rule.js';
import { textAt } from '../values.js';
import { argumentsOf, environment } from './_containers.js';

const REQUIRES_CLIENT = /^--?(?:client-cert-auth|require-client-cert|tls-auth-clients|tls-verify-client|mtls-required)$/;

export const probeOnMtlsPort: Rule = {
  code: 'SMT-C026',
  name: 'probe-on-mtls-port',
  severity: 'error',
  persona: 'regular',
  summary: 'a probe of the kubelet asks a port that wants a client certificate',
  why: 'the kubelet has none to show: the probe fails, the pod is never ready or is killed again and again.',
  standards: ['Kubernetes documentation, probes: "the probe skips certificate verification" and sends none'],
  fix: 'let the probe ask a plain port of its own, or use an exec probe',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers:
    - name: a
      image: orders:1
      env: [{ name: MTLS_MODE, value: strict }]
      ports: [{ name: https, containerPort: 8443 }]
      readinessProbe: { httpGet: { path: /healthz, port: https, scheme: HTTPS } }
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers:
    - name: a
      image: orders:1
      env: [{ name: MTLS_MODE, value: strict }]
      ports: [{ name: https, containerPort: 8443 }, { name: health, containerPort: 8080 }]
      readinessProbe: { httpGet: { path: /healthz, port: health } }
`,
  *check(world) {
    for (const workload of world.workloads)
      for (const container of workload.containers) {
        const required =
          environment(container).some(({ name, value }) => name === 'MTLS_MODE' && value === 'strict') ||
          argumentsOf(container).some(({ text }) => REQUIRES_CLIENT.test(text.replace(/=(?:true|yes)$/, '')));
        const hasClient = world.certificateVolumes(workload).some(({ certificate }) => certificate.usages?.includes('client auth'));
        if (!required && !hasClient) continue;
        for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
          if (textAt(container.value, probe, 'httpGet', 'scheme').toUpperCase() === 'HTTPS')
            yield {
              object: workload.object,
              path: [...container.path, probe, 'httpGet', 'scheme'],
              message: `the ${probe} speaks TLS without a client certificate`,
              ...(required ? {} : { severity: 'note' as const, persona: 'pedantic' as const }),
            };
      }
  },
};
