import { dnsNameProblem } from '../../../pki/index.js';
import type { Rule } from '../rule.js';

export const malformedDnsName: Rule = {
  code: 'SMT-M001',
  name: 'malformed-dns-name',
  severity: 'error',
  persona: 'regular',
  summary: 'a name under dnsNames is no DNS name',
  why: 'cert-manager admits any text. The issuer refuses it, or signs a name that no client ever matches.',
  standards: ['RFC 5280 4.2.1.6', 'RFC 1123 2.1', 'RFC 6125 6.4.3'],
  fix: 'write the bare host name in lower case: no scheme, port, blank or underscore, a wildcard only as the whole first label',
  fixable: true,
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: ['https://orders.shop.svc:8443'], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  *check({ certificates }) {
    for (const { object, dnsNames } of certificates)
      for (const [index, name] of dnsNames.entries()) {
        const problem = dnsNameProblem(name);
        if (problem === undefined) continue;
        const path = ['spec', 'dnsNames', index];
        const lower = name.toLowerCase();
        if (dnsNameProblem(lower) === undefined)
          yield { object, path, message: `"${name}" ${problem}`, severity: 'warning', edits: [{ kind: 'replace', path, value: lower }] };
        else yield { object, path, message: `"${name}" ${problem}` };
      }
  },
};
