import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { groupBy, listAt, textAt } from '../values.js';
import type { VolumeSource } from '../world.js';

export const caOnWorkload: Rule = {
  code: 'SMT-C004',
  name: 'ca-on-workload',
  severity: 'error',
  persona: 'regular',
  summary: 'a certificate of an authority is used by a workload',
  why: 'whoever takes that key can sign certificates for every name, not only for the service that lost it.',
  standards: ['RFC 5280 4.2.1.9', 'NIST SP 800-57 part 1 r5 5.2'],
  fix: 'leave isCA out and let the workload have a leaf of its own',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  isCA: true
  commonName: orders
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  privateKey: { rotationPolicy: Always }
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  commonName: orders.shop.svc
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [server auth]
  issuerRef: { name: ca }
`,
  *check(world) {
    const mounted = groupBy(
      world.workloads.flatMap(workload => workload.sources.map(source => ({ workload, source }))),
      ({ workload, source }) => (source.kind === 'Secret' ? `${workload.namespace}/${source.name}` : undefined),
    );
    for (const { object, namespace, secretName, isCA, usages } of world.certificates) {
      if (!isCA) continue;
      const usage = ['server auth', 'client auth'].find(name => usages?.includes(name));
      const [user] = mounted.get(`${namespace}/${secretName}`) ?? [];
      if (user && !onlyPublicPart(user.source))
        yield {
          object,
          path: ['spec', 'isCA'],
          message: `the key of this authority is mounted by ${objectName(user.workload.object)}`,
          related: [{ object: user.workload.object, path: user.source.path, text: 'mounted here' }],
        };
      else if (usage !== undefined)
        yield { object, path: ['spec', 'isCA'], message: `an authority with the usage "${usage}" of a workload` };
    }
  },
};

/** Whether a volume shows named files without the key. */
function onlyPublicPart(source: VolumeSource): boolean {
  const keys = listAt(source.value, 'items').map(item => textAt(item, 'key'));
  return keys.length > 0 && !keys.includes('tls.key');
}
