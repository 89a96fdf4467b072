import { objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { isInternalName, nameMatches, serviceNames } from './_names.js';

export const namesMatchNoService: Rule = {
  code: 'SMT-C029',
  name: 'names-match-no-service',
  severity: 'warning',
  persona: 'regular',
  summary: 'a server certificate has none of the names by which its Service is called',
  why: 'every client that checks the name refuses the handshake.',
  standards: ['RFC 6125 6.4', 'NIST SP 800-52r2 4.5.1'],
  fix: 'add <service>.<namespace>.svc to dnsNames, and the longer and shorter forms that clients use',
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [order.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
---
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec: { selector: { app: orders }, ports: [{ port: 443, targetPort: 8443 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0400 } }]
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
---
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec: { selector: { app: orders }, ports: [{ port: 443, targetPort: 8443 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop, labels: { app: orders } }
spec:
  containers: [{ name: a, image: orders:1 }]
  volumes: [{ name: tls, secret: { secretName: orders-tls, defaultMode: 0400 } }]
`,
  *check(world) {
    for (const workload of world.workloads) {
      const uses = world.certificateVolumes(workload);
      const services = uses.length === 0 ? [] : world.servicesOf(workload);
      if (services.length === 0) continue;
      // one certificate of several is enough: the others may be for clients or for the outside
      const fitting = uses.filter(({ certificate }) =>
        services.some(service => serviceNames(service).some(host => certificate.dnsNames.some(name => nameMatches(name, host)))),
      );
      const [first] = services;
      for (const { certificate } of fitting.length > 0 ? [] : uses)
        if (
          first &&
          (certificate.usages?.includes('server auth') ?? true) &&
          !certificate.isCA &&
          certificate.dnsNames.some(isInternalName)
        )
          yield {
            object: certificate.object,
            path: ['spec', 'dnsNames'],
            message: `has no name of Service ${first.name}, behind which ${objectName(workload.object)} presents it`,
            related: [{ object: first.object, path: ['metadata', 'name'], text: 'the Service' }],
          };
    }
  },
};
