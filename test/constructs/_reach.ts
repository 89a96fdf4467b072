import type { Rendered } from './_synth';

export interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Whether rendered NetworkPolicies let one pod open a connection to another: the rules of the Kubernetes API in their
 * plainest form, written without a look at the constructs.
 */
export function reaches(policies: readonly Rendered[], from: Pod, to: Pod, port: number, protocol: string): boolean {
  return (
    permits(policies, from, 'Egress', rule => rule.to === undefined || rule.to.some((peer: Peer) => selects(peer, to)), port, protocol) &&
    permits(policies, to, 'Ingress', rule => rule.from === undefined || rule.from.some((peer: Peer) => selects(peer, from)), port, protocol)
  );
}

interface Peer {
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly ipBlock?: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: a rule of either direction
type Rule = any;

function permits(
  policies: readonly Rendered[],
  pod: Pod,
  direction: 'Ingress' | 'Egress',
  matchesPeer: (rule: Rule) => boolean,
  port: number,
  protocol: string,
): boolean {
  const isolating = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.namespace && spec.policyTypes.includes(direction) && matches(spec.podSelector.matchLabels, pod.labels),
  );
  if (isolating.length === 0) return true;
  const rules: Rule[] = isolating.flatMap(({ spec }) => (direction === 'Ingress' ? spec.ingress : spec.egress) ?? []);
  return rules.some(rule => matchesPeer(rule) && opens(rule, port, protocol));
}

function opens(rule: Rule, port: number, protocol: string): boolean {
  if (rule.ports === undefined || rule.ports.length === 0) return true;
  return rule.ports.some((entry: Rule) => entry.port === port && (entry.protocol ?? 'TCP') === protocol);
}

function selects(peer: Peer, pod: Pod): boolean {
  if (peer.ipBlock !== undefined) return false;
  // Every namespace carries its own name in this label.
  const namespace = matches(peer.namespaceSelector?.matchLabels, { 'kubernetes.io/metadata.name': pod.namespace });
  return namespace && matches(peer.podSelector?.matchLabels, pod.labels);
}

function matches(selector: Readonly<Record<string, string>> | undefined, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}
