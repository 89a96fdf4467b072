import type { k8s } from 'cdk8s-plus-28';
import type { Plan, ServicePlan } from '../fleet/plan.js';
import type { Plain } from './_plain.js';
import { policyConfigMapName } from './names.js';
import { POLICY_FILE } from './policy.js';

/** Name of the volume in every pod. */
export const MTLS_VOLUME = 'mtls';

/** A group of its own that owns the mounted key: 65532 is "nonroot" in the distroless images. */
export const MTLS_GROUP = 65532;

/** 0440: the key is for the process and its group. */
const VOLUME_MODE = 0o440;

/** One volume with all four files: apart, a process could read a new certificate beside an old list of roots. */
export function mtlsVolume(plan: Plan, service: ServicePlan): Plain<k8s.Volume> {
  return {
    name: MTLS_VOLUME,
    projected: {
      defaultMode: VOLUME_MODE,
      sources: [
        // Never `optional`: a pod waits for its certificate rather than start without one.
        {
          secret: {
            name: service.certificate.secretName,
            items: [
              { key: 'tls.crt', path: 'tls.crt' },
              { key: 'tls.key', path: 'tls.key' },
            ],
          },
        },
        // The bundle, not the Secret's own `ca.crt`, which only ever holds one root.
        { configMap: { name: plan.bundle.name, items: [{ key: plan.bundle.key, path: 'ca.crt' }] } },
        { configMap: { name: policyConfigMapName(service), items: [{ key: POLICY_FILE, path: POLICY_FILE }] } },
      ],
    },
  };
}

/** The whole folder, since a file mounted by subPath is never updated. */
export function mtlsMount(plan: Plan): Plain<k8s.VolumeMount> {
  return { name: MTLS_VOLUME, mountPath: plan.certPath, readOnly: true };
}

/** What the runtime libraries read. */
export function mtlsEnvironment(plan: Plan, service: ServicePlan): { readonly name: string; readonly value: string }[] {
  return [
    { name: 'MTLS_ENABLED', value: usesMtls(service) ? 'true' : 'false' },
    { name: 'MTLS_MODE', value: service.mode },
    { name: 'MTLS_CERT_PATH', value: `${plan.certPath}/tls.crt` },
    { name: 'MTLS_KEY_PATH', value: `${plan.certPath}/tls.key` },
    { name: 'MTLS_CA_CERT_PATH', value: `${plan.certPath}/ca.crt` },
    { name: 'MTLS_POLICY_PATH', value: `${plan.certPath}/${POLICY_FILE}` },
  ];
}

/** Without mutual TLS a pod mounts nothing, so that it starts where cert-manager is not installed yet. */
export function usesMtls(service: ServicePlan): boolean {
  return service.mode !== 'disabled';
}

/** Ours, then the service's own, then those given: one entry a name, since server-side apply refuses a list with two. */
export function environmentVariables(
  plan: Plan,
  service: ServicePlan,
  given: readonly Plain<k8s.EnvVar>[] = [],
): readonly Plain<k8s.EnvVar>[] {
  const variables = new Map<string, Plain<k8s.EnvVar>>();
  for (const variable of [...mtlsEnvironment(plan, service), ...service.workload.env, ...given]) variables.set(variable.name, variable);
  return [...variables.values()];
}
