import type { Rule } from '../rule.js';

export const portRange: Rule = {
  code: 'SMT-N012',
  name: 'port-range',
  severity: 'error',
  persona: 'regular',
  summary: 'a port or range of ports is one that the API server refuses',
  why: 'the policy is not applied at all, and what it was to close stays open.',
  standards: ['Kubernetes NetworkPolicy API: port, endPort', 'KEP-2079'],
  fix: 'write a number from 1 to 65535, with endPort not below it',
  bad: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: cart } } }], ports: [{ port: 9000, endPort: 8000, protocol: TCP }] }]
`,
  good: `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: orders, namespace: shop }
spec:
  podSelector: { matchLabels: { app: orders } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ podSelector: { matchLabels: { app: cart } } }], ports: [{ port: 8000, endPort: 9000, protocol: TCP }] }]
`,
  *check({ policies }) {
    for (const { object, rules } of policies)
      for (const { ports = [] } of rules)
        for (const { port, endPort, path } of ports) {
          const problem = problemOf(port, endPort);
          if (problem !== undefined) yield { object, path: [...path, endPort === undefined ? 'port' : 'endPort'], message: problem };
        }
  },
};

function problemOf(port: string | number | undefined, endPort: number | undefined): string | undefined {
  if (typeof port === 'number' && (port < 1 || port > 65_535)) return `${port} is no port`;
  if (typeof port === 'string' && !(port.length <= 15 && /[a-z]/.test(port) && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(port)))
    return `"${port}" is neither a number nor a port name of at most 15 lower-case letters, digits and dashes`;
  if (endPort === undefined) return undefined;
  if (typeof port !== 'number') return 'endPort needs a port that is a number';
  if (endPort > 65_535) return `${endPort} is no port`;
  return endPort < port ? `the range ends at ${endPort}, below its start ${port}` : undefined;
}
