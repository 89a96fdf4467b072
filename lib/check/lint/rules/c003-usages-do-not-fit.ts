import { PolicyError, parsePolicy } from '../../prove/policy-reader.js';
import type { Rule } from '../rule.js';
import { textAt, textsAt } from '../values.js';
import type { World } from '../world.js';
import { serviceNames } from './_names.js';

export const usagesDoNotFit: Rule = {
  code: 'SMT-C003',
  name: 'usages-do-not-fit',
  severity: 'error',
  persona: 'regular',
  summary: 'the extended usages are not those that the certificate is used for',
  why: 'a server without "server auth" is refused by every client that checks; "any" lets a stolen key be used as server, client and code signer alike.',
  standards: ['RFC 5280 4.2.1.12', 'NIST SP 800-52r2 3.2.1 and 4.2'],
  fix: 'list "server auth" for what listens and "client auth" for what calls, and nothing else',
  bad: `
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec: { selector: { app: orders }, ports: [{ port: 443 }] }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [digital signature, client auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: v1
kind: Service
metadata: { name: orders, namespace: shop }
spec: { selector: { app: orders }, ports: [{ port: 443 }] }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  usages: [digital signature, server auth, client auth]
  issuerRef: { name: ca }
`,
  *check(world) {
    for (const { object, namespace, usages, dnsNames, isCA, spec } of world.certificates) {
      if (usages === undefined || isCA) continue;
      const any = usages.indexOf('any');
      if (any >= 0) yield { object, path: ['spec', 'usages', any], message: 'the usage "any" allows every use of the key' };
      if (usages.includes('server auth')) {
        if (dnsNames.length === 0 && textsAt(spec, 'ipAddresses').length === 0)
          yield {
            object,
            path: ['spec', 'usages', usages.indexOf('server auth')],
            message: '"server auth" without a DNS name or an IP address: no client can tell whose certificate it is',
            severity: 'warning',
          };
        continue;
      }
      const served = world.servicesIn(namespace).find(service =>
        serviceNames(service)
          .slice(1)
          .some(name => dnsNames.includes(name)),
      );
      if (any < 0 && served && usages.includes('client auth') && !admitsNobody(world, namespace, served.name))
        yield {
          object,
          path: ['spec', 'usages'],
          message: `has the names of Service ${served.name}, but not the usage "server auth"`,
          related: [{ object: served.object, path: ['spec'], text: 'the Service' }],
        };
    }
  },
};

/** Whether a service follows a policy.json by which nobody may call it: then no client ever sees its certificate. */
function admitsNobody(world: World, namespace: string, service: string): boolean {
  const text = textAt(world.objects.get('ConfigMap', namespace, `${service}-mtls-policy`, ''), 'data', 'policy.json');
  try {
    const policy = parsePolicy(text);
    return policy.service === service && policy.server.every(({ mode, allow }) => mode === 'strict' && allow.length === 0);
  } catch (error) {
    // without a list that can be read nothing excuses the certificate
    if (error instanceof PolicyError) return false;
    throw error;
  }
}
