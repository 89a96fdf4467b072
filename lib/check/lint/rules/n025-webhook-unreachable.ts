import { objectName } from '../../../objects/index.js';
import { type PolicyRule, takesPort } from '../policies.js';
import type { Rule } from '../rule.js';
import { isSet, listAt, numberAt, textAt } from '../values.js';

export const webhookUnreachable: Rule = {
  code: 'SMT-N025',
  name: 'webhook-unreachable',
  severity: 'warning',
  persona: 'regular',
  summary: 'a policy keeps the API server from an admission webhook',
  why: 'the API server calls from addresses of the control plane, which no selector takes. With failurePolicy Fail every change of those objects in the cluster is then refused.',
  standards: ['Kubernetes documentation, admission webhooks: "availability"', 'kubescape helm-charts issue 762'],
  fix: 'add an ingress rule for that port without "from", or with an ipBlock of the control plane',
  bad: `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: shop }
webhooks: [{ name: a.shop.example, clientConfig: { service: { name: hook, namespace: shop } }, sideEffects: None, admissionReviewVersions: [v1] }]
---
apiVersion: v1
kind: Service
metadata: { name: hook, namespace: shop }
spec: { selector: { app: hook }, ports: [{ port: 443, targetPort: 9443 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: hook, namespace: shop, labels: { app: hook } }
spec: { containers: [{ name: a, image: hook:1, ports: [{ containerPort: 9443 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: hook, namespace: shop }
spec:
  podSelector: { matchLabels: { app: hook } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } } }], ports: [{ port: 9443, protocol: TCP }] }]
`,
  good: `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: shop }
webhooks: [{ name: a.shop.example, clientConfig: { service: { name: hook, namespace: shop } }, sideEffects: None, admissionReviewVersions: [v1] }]
---
apiVersion: v1
kind: Service
metadata: { name: hook, namespace: shop }
spec: { selector: { app: hook }, ports: [{ port: 443, targetPort: 9443 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: hook, namespace: shop, labels: { app: hook } }
spec: { containers: [{ name: a, image: hook:1, ports: [{ containerPort: 9443 }] }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: hook, namespace: shop }
spec:
  podSelector: { matchLabels: { app: hook } }
  policyTypes: [Ingress]
  ingress: [{ ports: [{ port: 9443, protocol: TCP }] }]
`,
  *check(world) {
    const hooks = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'].flatMap(kind =>
      world.objects
        .ofKind(kind, 'admissionregistration.k8s.io')
        .flatMap(object => listAt(object, 'webhooks').map((hook, index) => ({ object, hook, index }))),
    );
    for (const { object, hook, index } of hooks) {
      const namespace = textAt(hook, 'clientConfig', 'service', 'namespace');
      const service = world.servicesIn(namespace).find(({ name }) => name === textAt(hook, 'clientConfig', 'service', 'name'));
      const port = numberAt(hook, 'clientConfig', 'service', 'port') ?? 443;
      const target = service?.ports.find(own => own.port === port)?.targetPort;
      if (!service || target === undefined || Object.keys(service.selector).length === 0) continue;
      for (const pod of world.selected(namespace, { matchLabels: service.selector })) {
        const isolating = world.policiesOf(pod).filter(({ types }) => types.includes('Ingress'));
        const [first] = isolating;
        if (first && !isolating.some(({ ingress }) => ingress.some(rule => opens(rule, target))))
          yield {
            object: first.object,
            path: ['spec', 'ingress'],
            message: `the API server can't reach the webhook of ${objectName(object)} on port ${String(target)}`,
            related: [{ object, path: ['webhooks', index, 'clientConfig'], text: 'the webhook' }],
          };
      }
    }
  },
};

/** Whether a rule can take what comes from outside of pods to a port. */
function opens(rule: PolicyRule, target: string | number): boolean {
  const outside = rule.peers === undefined || rule.peers.length === 0 || rule.peers.some(({ value }) => isSet(value, 'ipBlock'));
  const port =
    typeof target === 'number'
      ? takesPort(rule, 'TCP', target)
      : (rule.ports ?? []).length === 0 || rule.ports?.some(own => own.port === target || typeof own.port === 'number');
  return outside && port === true;
}
