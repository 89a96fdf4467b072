import { apiGroup } from '../../../objects/index.js';
import { checkObject } from '../../schema/index.js';
import type { Rule } from '../rule.js';

/** Groups of which every kind has a schema here, but these. */
const OWN_GROUPS = new Set(['cert-manager.io', 'trust.cert-manager.io', 'trust-manager.io', 'policy.cert-manager.io']);
const WITHOUT_SCHEMA = new Set(['CertificateRequest']);

export const refusedByApiServer: Rule = {
  code: 'SMT-S001',
  name: 'refused-by-api-server',
  severity: 'error',
  persona: 'regular',
  summary: 'the API server or the webhook of cert-manager refuses the object, or drops a field that it does not know',
  why: 'a refused object stops the deployment. A dropped field is worse: a mistyped renewBefore is no error to kubectl without strict validation, and nobody notices until the certificate ends.',
  standards: ['Kubernetes API: field validation', 'cert-manager internal/apis/certmanager/validation'],
  fix: 'write what was expected',
  fixable: true,
  bad: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  renewbefore: 360h
  usages: [server auth]
  issuerRef: { name: ca }
`,
  good: `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec:
  dnsNames: [orders.shop.svc]
  secretName: orders-tls
  renewBefore: 360h
  usages: [server auth]
  issuerRef: { name: ca }
`,
  *check({ objects, settings }) {
    for (const object of objects)
      for (const { kind, path, message, expected, found } of checkObject(object, { certManager: settings.certManager })) {
        // what a newer version knows is told by another rule
        if (/ needs cert-manager 1\.\d+$/.test(message)) continue;
        // null is the same as left out to the API server
        if (found === 'null') continue;
        if (kind === 'unknownKind') {
          if (!OWN_GROUPS.has(apiGroup(object)) || WITHOUT_SCHEMA.has(object.kind) || object.apiVersion !== `${apiGroup(object)}/v1`)
            continue;
        }
        const dropped = message.startsWith('"namespace" on a cluster-scoped');
        yield {
          object,
          path,
          // the value of a variable may be a password that was written as a number
          message: `${message}; found ${path.includes('env') ? 'something else' : found}, expected ${expected}`.replace(
            /; found nothing, expected the field .*$/,
            '',
          ),
          ...(dropped ? { severity: 'warning' as const, edits: [{ kind: 'remove' as const, path }] } : {}),
        };
      }
  },
};
