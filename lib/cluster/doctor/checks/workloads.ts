import { isSet, listAt, mapAt, textAt } from '../../_values.js';
import { notBefore } from '../../state/index.js';
import { FLEET_LABEL } from '../../status/index.js';
import { byRule } from '../_by-rule.js';
import { at } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const section = 'workloads' as const;
const needs = [NEEDS.certificates, NEEDS.deployments, NEEDS.statefulSets, NEEDS.daemonSets, NEEDS.pods];

/** A minute: a Secret and a pod that are made together. */
const TOGETHER_MS = 60_000;

export const WORKLOADS: readonly Check[] = [
  byRule(
    {
      code: 'SMT-D060',
      name: 'key-shared',
      section,
      level: 'error',
      title: 'no two workloads mount one key',
      why: 'each can pass for the other; a client has the key of the server that it calls.',
      next: 'give each a Certificate; roots come from the bundle',
      needs,
    },
    'SMT-C011',
  ),
  byRule(
    {
      code: 'SMT-D061',
      name: 'never-updated',
      section,
      level: 'error',
      title: 'certificates are mounted so that renewals arrive',
      why: 'a file by subPath and a variable keep what they had at the start, past its end.',
      next: 'mount the whole volume at a folder',
      needs,
    },
    'SMT-C022',
    'SMT-C024',
  ),
  {
    code: 'SMT-D062',
    name: 'started-before-renewal',
    section,
    level: 'warning',
    title: 'pods that can’t reload have started after the last renewal',
    why: 'a process that reads its files once goes on with the old certificate until that ends.',
    next: 'kubectl rollout restart; then a reloader, or a library that follows the files',
    needs: [NEEDS.certificates, NEEDS.secrets, NEEDS.pods],
    *find(living) {
      for (const { object, namespace, secretName } of living.certificates) {
        const secret = living.secret(namespace, secretName);
        const [leaf] = secret === undefined ? [] : living.chain(secret).certificates;
        if (leaf === undefined) continue;
        for (const { workload, pods } of living.mounts(namespace, secretName)) {
          const old = pods.filter(pod => {
            const annotations = Object.keys(pod.metadata.annotations ?? {});
            // pods of a fleet follow their files; a reloader restarts its own
            const follows = pod.metadata.labels?.[FLEET_LABEL] !== undefined || annotations.some(key => key.includes('stakater.com'));
            return !follows && Date.parse(textAt(pod, 'status', 'startTime')) + TOGETHER_MS < notBefore(leaf);
          });
          if (old.length > 0)
            yield at(object, `${old.length} pods of ${workload} have started before the certificate in Secret ${secretName} was issued`);
        }
      }
    },
  },
  byRule(
    {
      code: 'SMT-D063',
      name: 'acme-has-no-ca-crt',
      section,
      level: 'error',
      title: 'nobody mounts ca.crt of an ACME certificate',
      why: 'the key is not in the Secret: the pod does not start (FailedMount).',
      next: 'take the item out, and public roots from the image',
      needs: [...needs, NEEDS.issuers, NEEDS.clusterIssuers],
    },
    'SMT-M022',
  ),
  {
    code: 'SMT-D064',
    name: 'mounted-secret-missing',
    section,
    level: 'error',
    title: 'Secrets and bundles that pods wait for are there',
    why: 'the pod stays in ContainerCreating.',
    next: 'kubectl get certificates in the namespace: is the one that writes the Secret there and ready?',
    needs: [NEEDS.pods, NEEDS.secrets, NEEDS.configMaps],
    *find(living) {
      const bundles = new Set(living.objects.ofKind('Bundle').map(({ metadata }) => metadata.name));
      for (const pod of living.objects.ofKind('Pod', '')) {
        if (textAt(pod, 'status', 'phase') !== 'Pending') continue;
        const namespace = pod.metadata.namespace ?? '';
        for (const volume of listAt(pod, 'spec', 'volumes')) {
          for (const source of [volume, ...listAt(volume, 'projected', 'sources')]) {
            const secret = textAt(source, 'secret', 'secretName') || textAt(source, 'secret', 'name');
            const isOurs = living.world.isCertificateSecret(namespace, secret) || pod.metadata.labels?.[FLEET_LABEL] !== undefined;
            if (secret !== '' && isOurs && mapAt(source, 'secret').optional !== true && living.secret(namespace, secret) === undefined)
              yield at(pod, `it waits for Secret ${secret}, which is not there`);
            const map = textAt(source, 'configMap', 'name');
            if (
              bundles.has(map) &&
              mapAt(source, 'configMap').optional !== true &&
              living.objects.get('ConfigMap', namespace, map, '') === undefined
            )
              yield at(pod, `it waits for the roots in ConfigMap ${map}, which is not there`);
          }
        }
      }
    },
  },
  byRule(
    {
      code: 'SMT-D065',
      name: 'usage-missing',
      section,
      level: 'error',
      title: 'certificates may be used for what they are used for',
      why: 'the peer refuses them: "certificate specifies an incompatible key usage".',
      next: 'set server auth and client auth as needed on leaves, and neither on authorities',
      needs: [NEEDS.certificates],
    },
    'SMT-C003',
    'SMT-M006',
    'SMT-M008',
  ),
  byRule(
    {
      code: 'SMT-D066',
      name: 'public-certificate-as-client',
      section,
      level: 'error',
      title: 'no public authority is asked for a client certificate or an internal name',
      why: 'public authorities issue no client authentication since 2026, and no internal names at all.',
      next: 'use a private authority for mutual TLS',
      needs: [NEEDS.certificates, NEEDS.issuers, NEEDS.clusterIssuers],
    },
    'SMT-C020',
  ),
  byRule(
    {
      code: 'SMT-D067',
      name: 'weak-keystore',
      section,
      level: 'warning',
      title: 'keystores can be read by today’s runtimes',
      why: 'OpenSSL 3 and Java 20 do not open RC2 by default.',
      next: 'set keystores.pkcs12.profile: Modern2023',
      needs: [NEEDS.certificates],
    },
    'SMT-M023',
  ),
  {
    code: 'SMT-D074',
    name: 'csi-driver-missing',
    section,
    level: 'error',
    title: 'volumes of the cert-manager CSI drivers are mounted',
    why: 'the pod stays in ContainerCreating, or its certificate can’t be issued.',
    next: 'kubectl get csidrivers; look at the driver’s DaemonSet on the pod’s node, and at the CertificateRequests of the namespace',
    needs: [NEEDS.pods, NEEDS.csiDrivers, NEEDS.mountEvents],
    *find(living) {
      const installed = new Set(living.objects.ofKind('CSIDriver').map(({ metadata }) => metadata.name));
      for (const pod of living.objects.ofKind('Pod', ''))
        for (const volume of listAt(pod, 'spec', 'volumes')) {
          const driver = textAt(volume, 'csi', 'driver');
          if (!isSet(volume, 'csi') || !driver.endsWith('cert-manager.io')) continue;
          if (!installed.has(driver)) yield at(pod, `it wants a volume of ${driver}, which is not installed`);
          else {
            const said = living
              .events('Pod', pod.metadata.namespace ?? '', pod.metadata.name)
              .find(event => textAt(event, 'message').includes(textAt(volume, 'name')));
            if (said !== undefined && textAt(pod, 'status', 'phase') === 'Pending') yield at(pod, textAt(said, 'message'));
          }
        }
    },
  },
];
