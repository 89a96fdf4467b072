import { type FieldPath, objectName } from '../../../objects/index.js';
import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

/** Kinds that write a Secret, and where they name it. */
const WRITERS: readonly (readonly [string, string, FieldPath])[] = [
  ['ExternalSecret', 'external-secrets.io', ['spec', 'target', 'name']],
  ['SealedSecret', 'bitnami.com', ['spec', 'template', 'metadata', 'name']],
  ['VaultStaticSecret', 'secrets.hashicorp.com', ['spec', 'destination', 'name']],
  ['VaultPKISecret', 'secrets.hashicorp.com', ['spec', 'destination', 'name']],
];

export const secretKeptByAnother: Rule = {
  code: 'SMT-M010',
  name: 'secret-kept-by-another',
  severity: 'error',
  persona: 'regular',
  summary: 'the Secret of a Certificate is also written by something else',
  why: 'the two overwrite each other without end: cert-manager issues again each time, GitOps puts its own back, and pods see both.',
  standards: ['cert-manager documentation, FAQ: "re-issuance loops"', 'cert-manager issue 6714'],
  fix: 'remove the other writer, or give the Certificate another secretName',
  bad: `
apiVersion: v1
kind: Secret
metadata: { name: orders-tls, namespace: shop }
type: kubernetes.io/tls
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  good: `
apiVersion: v1
kind: Secret
metadata: { name: orders-password, namespace: shop }
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: orders-tls, namespace: shop }
spec: { dnsNames: [orders.shop.svc], secretName: orders-tls, usages: [server auth], issuerRef: { name: ca } }
`,
  *check(world) {
    const secrets = world.objects.ofKind('Secret', '').map(object => ({ object, name: object.metadata.name }));
    const others = WRITERS.flatMap(([kind, group, path]) =>
      world.objects.ofKind(kind, group).map(object => ({ object, name: textAt(object, ...path) || object.metadata.name })),
    );
    for (const { object, name } of [...secrets, ...others]) {
      const [writer] = world.writersOf(object.metadata.namespace ?? '', name);
      if (writer)
        yield {
          object: writer.object,
          path: ['spec', 'secretName'],
          message: `Secret ${name} is also written by ${objectName(object)}`,
          related: [{ object, path: ['metadata', 'name'], text: 'also written here' }],
        };
    }
  },
};
