import { objectName } from '../../../objects/index.js';
import { rulesInForce } from '../policies.js';
import type { Related, Rule } from '../rule.js';
import { isEmptySelector } from '../selectors.js';
import type { WorkloadView } from '../world.js';
import { podsOfPeer, subjectsOf } from './_peers.js';

export const hostNetwork: Rule = {
  code: 'SMT-N018',
  name: 'host-network',
  severity: 'warning',
  persona: 'regular',
  summary: 'a policy selects a pod on the network of the host',
  why: 'such a pod has the address of its node: policies do not isolate it, and as a peer no selector takes it.',
  standards: ['Kubernetes NetworkPolicy: "hostNetwork pods"'],
  fix: 'take the pod off the host network, or allow the addresses of the nodes with an ipBlock',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: agent, namespace: shop, labels: { app: agent } }
spec: { hostNetwork: true, containers: [{ name: a, image: agent:1 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: agent, namespace: shop }
spec: { podSelector: { matchLabels: { app: agent } }, policyTypes: [Ingress, Egress] }
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: agent, namespace: shop, labels: { app: agent } }
spec: { containers: [{ name: a, image: agent:1 }] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: agent, namespace: shop }
spec: { podSelector: { matchLabels: { app: agent } }, policyTypes: [Ingress, Egress] }
`,
  *check(world) {
    for (const policy of world.policies) {
      const { object, podSelector } = policy;
      const related = (workload: WorkloadView): Related[] => [
        { object: workload.object, path: [...workload.podPath, 'hostNetwork'], text: 'the pod' },
      ];
      const subject = isEmptySelector(podSelector) ? undefined : subjectsOf(world, policy).find(workload => workload.hostNetwork);
      if (subject)
        yield {
          object,
          path: ['spec', 'podSelector'],
          message: `does not isolate ${objectName(subject.object)}, which is on the host network`,
          related: related(subject),
        };
      for (const { peers = [] } of rulesInForce(policy))
        for (const peer of peers) {
          const pods = isEmptySelector(peer.value.podSelector) ? [] : podsOfPeer(world, policy, peer);
          const [first] = pods;
          if (first && pods.every(workload => workload.hostNetwork))
            yield {
              object,
              path: peer.path,
              message: `never takes ${objectName(first.object)}, which is on the host network`,
              related: related(first),
            };
        }
    }
  },
};
