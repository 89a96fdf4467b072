import { join } from 'node:path';
import { App, Chart } from 'cdk8s';
import { Manifest } from '../../lib/constructs/manifest.js';
import { Network } from '../../lib/constructs/network.js';
import { loadFleet, resolve } from '../../lib/fleet/index.js';
import type { Plan } from '../../lib/fleet/plan.js';

interface Peer {
  readonly namespaceSelector?: { readonly matchLabels: Record<string, string> };
  readonly podSelector?: { readonly matchLabels: Record<string, string> };
  readonly ipBlock?: { readonly cidr: string };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports: readonly { readonly port: number }[];
}
interface Policy {
  readonly podSelector: { readonly matchLabels?: Record<string, string> };
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

const planOf = (name: string): Plan => resolve(loadFleet(join(__dirname, '../../examples', name, 'fleet.yaml')), 'prod');

function policiesOf(plan: Plan): Policy[] {
  const chart = new Chart(new App(), 'network');
  new Network(chart, 'network', { plan });
  const manifests = chart.node.findAll().filter((construct): construct is Manifest => construct instanceof Manifest);
  return manifests.map(({ body }) => body.spec as Policy);
}

const same = (a: Record<string, string> | undefined, b: Readonly<Record<string, string>>): boolean =>
  JSON.stringify(Object.entries(a ?? {}).sort()) === JSON.stringify(Object.entries(b).sort());

/** Who a peer of a rendered policy is, in the words of the fleet. */
function nameOf(plan: Plan, peer: Peer): string {
  const labels = peer.podSelector?.matchLabels;
  const service = plan.services.find(({ selectorLabels }) => same(labels, selectorLabels));
  const external = plan.externals.find(({ peers }) =>
    peers.some(candidate => ('cidr' in candidate ? candidate.cidr === peer.ipBlock?.cidr : same(labels, candidate.labels))),
  );
  return service?.name ?? external?.name ?? `unknown ${JSON.stringify(peer)}`;
}

/** `<callee> < <caller> <port of the pod>` for everything that the rendered policies let in. */
function ingressOf(plan: Plan): string[] {
  return policiesOf(plan)
    .flatMap(({ podSelector, ingress }) => {
      const callee = plan.services.find(({ selectorLabels }) => same(podSelector.matchLabels, selectorLabels))?.name;
      return (ingress ?? []).flatMap(({ from = [], ports }) =>
        from.flatMap(peer => ports.map(({ port }) => `${callee} < ${nameOf(plan, peer)} ${port}`)),
      );
    })
    .sort();
}

/** What each side lets in and the other does not; each line of the difference needs its reason below. */
function compare(theirs: readonly string[], ours: readonly string[]): { readonly theirsOnly: string[]; readonly oursOnly: string[] } {
  return { theirsOnly: theirs.filter(edge => !ours.includes(edge)), oursOnly: ours.filter(edge => !theirs.includes(edge)) };
}

/**
 * Rules that name no caller are not among the facts retyped from the pinned commits. That the public entries, the frontend and
 * argocd-server, have `ingress: [{}]` is our expectation, read in other revisions of the same files.
 */
const open = (entry: string): string => `${entry} < everybody every port`;

/** kustomize/components/network-policies of Online Boutique: ingress rules, by the port of the pod. */
const BOUTIQUE = [
  'adservice < frontend 9555',
  'cartservice < checkoutservice 7070',
  'cartservice < frontend 7070',
  'checkoutservice < frontend 5050',
  'currencyservice < checkoutservice 7000',
  'currencyservice < frontend 7000',
  'emailservice < checkoutservice 8080',
  open('frontend'),
  'paymentservice < checkoutservice 50051',
  'productcatalogservice < checkoutservice 3550',
  'productcatalogservice < frontend 3550',
  'productcatalogservice < recommendationservice 3550',
  'recommendationservice < frontend 8080',
  'redis-cart < cartservice 6379',
  'shippingservice < checkoutservice 50051',
  'shippingservice < frontend 50051',
];

/** manifests/base/*-network-policy.yaml of Argo CD; "every namespace" is its namespaceSelector: {}. */
const ARGO_CD = [
  'argocd-applicationset-controller < every namespace 7000',
  'argocd-applicationset-controller < every namespace 8080',
  'argocd-dex-server < argocd-server 5556',
  'argocd-dex-server < argocd-server 5557',
  'argocd-dex-server < every namespace 5558',
  'argocd-metrics < every namespace 8082',
  'argocd-notifications-controller-metrics < every namespace 9001',
  'argocd-redis < argocd-metrics 6379',
  'argocd-redis < argocd-repo-server 6379',
  'argocd-redis < argocd-server 6379',
  'argocd-repo-server < argocd-applicationset-controller 8081',
  'argocd-repo-server < argocd-metrics 8081',
  'argocd-repo-server < argocd-notifications-controller-metrics 8081',
  'argocd-repo-server < argocd-server 8081',
  'argocd-repo-server < every namespace 8084',
  open('argocd-server'),
];

describe('the policies of Online Boutique', () => {
  const plan = planOf('online-boutique');

  test('let in the same callers, except at the public entry', () => {
    const differences = compare(BOUTIQUE, ingressOf(plan));
    expect(differences).toEqual({
      // theirs opens every port of the frontend to the world, since its balancer's addresses are not known
      theirsOnly: ['frontend < everybody every port'],
      // ours names who comes in: the ingress controller and the load generator, on the one port that listens
      oursOnly: ['frontend < ingress-nginx 8080', 'frontend < loadgenerator 8080'],
    });
  });

  test('are theirs for ingress only: each of theirs has egress "- {}", ours lets out the declared calls and name lookups', () => {
    const services = policiesOf(plan).filter(({ podSelector }) =>
      plan.services.some(({ selectorLabels }) => same(podSelector.matchLabels, selectorLabels)),
    );
    expect(services).toHaveLength(plan.services.length);
    for (const { policyTypes, egress } of services) {
      expect(policyTypes).toEqual(['Ingress', 'Egress']);
      for (const { to, ports } of egress ?? []) expect([to?.length ?? 0, ports.length]).not.toContain(0);
    }
    const silent = plan.services
      .filter(({ name }) => !plan.edges.some(({ caller }) => caller === name))
      .map(({ selectorLabels }) => selectorLabels);
    expect(silent).toHaveLength(7);
    for (const labels of silent) expect(services.find(({ podSelector }) => same(podSelector.matchLabels, labels))?.egress).toBeUndefined();
  });

  test('deny by default for the pods of the fleet; theirs denies for the whole namespace', () => {
    const denies = policiesOf(plan).filter(({ ingress, egress }) => ingress === undefined && egress === undefined);
    // the namespace is "default": what else runs there is not ours to cut off
    expect(denies.filter(({ podSelector }) => Object.keys(podSelector).length === 0)).toEqual([]);
    expect(denies.some(({ podSelector }) => same(podSelector.matchLabels, { 'sentinel-mtls.io/fleet': 'online-boutique' }))).toBe(true);
  });
});

describe('the policies of Argo CD', () => {
  const plan = planOf('argo-cd');

  test('let in the same callers, except that metrics, the webhook and the public entry have named ones', () => {
    expect(compare(ARGO_CD, ingressOf(plan))).toEqual({
      theirsOnly: [
        // a webhook that git hosts call: theirs is open to every namespace, ours to the ingress controller
        'argocd-applicationset-controller < every namespace 7000',
        // metrics: theirs are open to every namespace, ours to Prometheus
        'argocd-applicationset-controller < every namespace 8080',
        'argocd-dex-server < every namespace 5558',
        'argocd-metrics < every namespace 8082',
        'argocd-notifications-controller-metrics < every namespace 9001',
        'argocd-repo-server < every namespace 8084',
        // the public entry: as we expect it, theirs is open to everybody on every port
        'argocd-server < everybody every port',
      ],
      oursOnly: [
        'argocd-applicationset-controller < ingress-nginx 7000',
        'argocd-applicationset-controller < prometheus 8080',
        'argocd-dex-server < prometheus 5558',
        'argocd-metrics < prometheus 8082',
        'argocd-notifications-controller-metrics < prometheus 9001',
        'argocd-repo-server < prometheus 8084',
        'argocd-server < ingress-nginx 8080',
        'argocd-server < prometheus 8083',
      ],
    });
  });

  test('have no egress in theirs; ours lets out calls to the API server and to git hosts besides the declared ones', () => {
    const out = plan.externalEdges
      .filter(({ direction }) => direction === 'out')
      .map(({ service, external, port }) => `${service} > ${external}:${port}`);
    expect(out.sort()).toEqual([
      'argocd-applicationset-controller > kubernetes-api:https',
      'argocd-dex-server > kubernetes-api:https',
      'argocd-metrics > kubernetes-api:https',
      'argocd-notifications-controller-metrics > kubernetes-api:https',
      'argocd-repo-server > git-hosts:https',
      'argocd-repo-server > git-hosts:ssh',
      'argocd-server > kubernetes-api:https',
    ]);
    const redis = policiesOf(plan).find(({ podSelector }) => same(podSelector.matchLabels, { 'app.kubernetes.io/name': 'argocd-redis' }));
    expect(redis?.egress).toBeUndefined();
  });
});

test('a policy that is looser or tighter than theirs is found', () => {
  const plan = planOf('online-boutique');
  const withoutOne = { ...plan, edges: plan.edges.filter(({ caller }) => caller !== 'cartservice') };
  const withOneMore: Plan = {
    ...plan,
    edges: [...plan.edges, { caller: 'adservice', callee: 'redis-cart', port: 'tcp-redis', mode: 'strict' }],
  };
  expect(compare(BOUTIQUE, ingressOf(withoutOne)).theirsOnly).toContain('redis-cart < cartservice 6379');
  expect(compare(BOUTIQUE, ingressOf(withOneMore)).oursOnly).toContain('redis-cart < adservice 6379');
});
