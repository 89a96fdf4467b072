import type { Rule } from '../rule.js';
import { isSet, listAt, mapAt, textAt } from '../values.js';

const ISSUER = 'cert-manager.io/issuer';
const CLUSTER_ISSUER = 'cert-manager.io/cluster-issuer';

export const ingressAnnotations: Rule = {
  code: 'SMT-M036',
  name: 'ingress-annotations',
  severity: 'error',
  persona: 'regular',
  summary: 'an Ingress asks for a certificate in a way that gives none',
  why: 'cert-manager makes a Certificate for each entry of spec.tls and for nothing else; with both annotations it refuses to choose.',
  standards: ['cert-manager documentation, annotated Ingress'],
  fix: 'add spec.tls with hosts and secretName, and keep one of the two annotations',
  bad: `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: shop
  annotations: { cert-manager.io/cluster-issuer: letsencrypt }
spec: { rules: [{ host: shop.example.com }] }
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: shop
  annotations: { cert-manager.io/cluster-issuer: letsencrypt }
spec: { tls: [{ hosts: [shop.example.com], secretName: shop }], rules: [{ host: shop.example.com }] }
`,
  *check({ objects }) {
    for (const object of objects.ofKind('Ingress', 'networking.k8s.io')) {
      const annotations = mapAt(object, 'metadata', 'annotations');
      const used = [ISSUER, CLUSTER_ISSUER].filter(key => isSet(annotations, key));
      const [key] = used;
      if (key === undefined) continue;
      if (used.length > 1)
        yield { object, path: ['metadata', 'annotations', CLUSTER_ISSUER], message: 'both an issuer and a cluster-issuer are annotated' };
      const tls = listAt(object, 'spec', 'tls');
      if (tls.length === 0)
        yield { object, path: ['metadata', 'annotations', key], message: 'the annotation does nothing without spec.tls' };
      for (const [index, entry] of tls.entries())
        if (textAt(entry, 'secretName') === '' || listAt(entry, 'hosts').length === 0)
          yield { object, path: ['spec', 'tls', index], message: 'an entry without secretName or hosts gets no certificate' };
    }
  },
};
