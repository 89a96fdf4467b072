import fc from 'fast-check';
import { Network } from '../../lib/constructs/network';
import { NetworkRules, ServiceNetworkPolicy } from '../../lib/constructs/network-policy';
import type { Plan, ServicePlan } from '../../lib/fleet/plan';
import { edge, sentinelPlan, withService } from './_plan';
import { randomPlan } from './_random-plan';
import { type Pod, reaches } from './_reach';
import { byName, named, type Rendered, synth, valuesOf } from './_synth';

const objectsOf = (plan: Plan): Rendered[] => synth(chart => new Network(chart, 'network', { plan }));
const podOf = (service: ServicePlan): Pod => ({
  namespace: service.namespace,
  labels: { ...service.selectorLabels, 'sentinel-mtls.io/fleet': 'sentinel' },
});

describe('the network plane', () => {
  const objects = objectsOf(sentinelPlan());

  test('writes down the fleet', () => {
    expect(objects).toMatchSnapshot();
    expect(Object.keys(byName(objects, 'NetworkPolicy'))).toContain('control-api-mtls-only');
  });

  test('always names both directions', () => {
    for (const { spec } of objects) expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
  });

  test('lets a peer be chosen by namespace and labels together, never by one of them', () => {
    const { spec } = named(objects, 'NetworkPolicy', 'control-api-mtls-only');
    for (const rule of spec.ingress) {
      for (const peer of rule.from) expect(Object.keys(peer).sort()).toEqual(['namespaceSelector', 'podSelector']);
    }
    expect(spec.ingress[0].from).toContainEqual({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'sentinel-system' } },
      podSelector: { matchLabels: { app: 'legacy-scheduler' } },
    });
  });

  test('opens the port of the pod, not that of the Service', () => {
    const { spec } = named(objects, 'NetworkPolicy', 'control-api-mtls-only');
    expect(spec.ingress[0].ports).toEqual([{ port: 8000, protocol: 'TCP' }]);
    const egress = named(objects, 'NetworkPolicy', 'node-agent-mtls-only').spec.egress;
    expect(egress).toContainEqual({ to: [expect.anything()], ports: [{ port: 8000, protocol: 'TCP' }] });
  });

  test('opens the plain port only where a call may be plain', () => {
    expect(named(objects, 'NetworkPolicy', 'infra-adapter-mtls-only').spec.ingress[0].ports).toEqual([
      { port: 50050, protocol: 'TCP' },
      { port: 50051, protocol: 'TCP' },
    ]);
    const strict = objectsOf(sentinelPlan({ edges: [edge('pipeline-controller', 'infra-adapter', 'grpc')] }));
    expect(named(strict, 'NetworkPolicy', 'infra-adapter-mtls-only').spec.ingress[0].ports).toEqual([{ port: 50051, protocol: 'TCP' }]);
  });

  test('keeps peers with different ports in different rules', () => {
    const { spec } = named(objects, 'NetworkPolicy', 'control-api-mtls-only');
    expect(spec.ingress.map((rule: Rendered) => [rule.ports, rule.from.length])).toEqual([
      [[{ port: 8000, protocol: 'TCP' }], 5],
      [[{ port: 9100, protocol: 'TCP' }], 1],
    ]);
  });

  test('gives names to who calls somebody, and to nobody else', () => {
    const dns = { ports: [53, 53], to: [{ podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }] };
    const shapes = (name: string) =>
      (named(objects, 'NetworkPolicy', name).spec.egress ?? []).map((rule: Rendered) => ({
        ports: rule.ports.map((entry: Rendered) => entry.port),
        to: rule.to,
      }));
    expect(shapes('node-agent-mtls-only')).toContainEqual(expect.objectContaining({ ports: dns.ports }));
    expect(shapes('infra-adapter-mtls-only')).toEqual([]);
  });

  test('lets replicas of one service call each other in both directions', () => {
    const { spec } = named(objects, 'NetworkPolicy', 'ledger-mtls-only');
    const self = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'sentinel-data' } },
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'ledger', 'sentinel-mtls.io/fleet': 'sentinel' } },
    };
    expect(spec.ingress[0].from).toContainEqual(self);
    expect(valuesOf(spec.egress, 'to').flat()).toContainEqual(self);
  });

  test('writes addresses of both families as they were given', () => {
    const { spec } = named(objects, 'NetworkPolicy', 'ledger-mtls-only');
    expect(valuesOf(spec.egress, 'ipBlock')).toEqual([{ cidr: '2001:db8::/32' }, { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] }]);
  });

  test('denies by default to the pods of the fleet, in every namespace, after what is allowed', () => {
    const denies = objects.filter(object => object.metadata.name === 'sentinel-default-deny');
    expect(denies.map(object => object.metadata.namespace)).toEqual(['sentinel-data', 'sentinel-system']);
    for (const { spec } of denies) {
      expect(spec).toEqual({
        podSelector: { matchLabels: { 'sentinel-mtls.io/fleet': 'sentinel' } },
        policyTypes: ['Ingress', 'Egress'],
      });
    }
    expect(objects.slice(-2)).toEqual(denies);
  });

  test('denies to the whole namespace only where the fleet owns it', () => {
    const plan = sentinelPlan();
    const owned = objectsOf({ ...plan, network: { ...plan.network, ownsNamespaces: true } });
    expect(named(owned, 'NetworkPolicy', 'sentinel-default-deny').spec.podSelector).toEqual({});
  });

  test('is empty where policies are switched off', () => {
    const plan = sentinelPlan();
    expect(objectsOf({ ...plan, network: { ...plan.network, policies: false } })).toEqual([]);
  });

  test('does not depend on the order of the plan', () => {
    const plan = sentinelPlan();
    const turned = objectsOf({ ...plan, edges: [...plan.edges].reverse(), externalEdges: [...plan.externalEdges].reverse() });
    expect(turned).toEqual(objects);
  });

  test('refuses a policy that would select every pod', () => {
    const props = { name: 'open', namespace: 'n', podLabels: {}, ingress: new NetworkRules(), egress: new NetworkRules() };
    expect(() => synth(chart => new ServiceNetworkPolicy(chart, 'policy', props))).toThrow('would select every pod');
  });

  test('refuses a plan whose calls lead nowhere', () => {
    expect(() => objectsOf(sentinelPlan({ edges: [edge('control-api', 'ledger', 'htps')] }))).toThrow('port "ledger:htps"');
  });
});

describe('for any plan', () => {
  const runs = { numRuns: process.env.SENTINEL_LONG ? 1000 : 100 };

  test('no list is empty, since an empty one would allow everything', () => {
    fc.assert(
      fc.property(randomPlan, plan => {
        for (const { spec } of objectsOf(plan)) {
          for (const key of ['ingress', 'egress', 'from', 'to', 'ports', 'except']) {
            for (const list of valuesOf(spec, key)) expect(list).not.toHaveLength(0);
          }
          for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
            expect(Object.keys(rule)).toHaveLength(2);
            for (const entry of rule.ports) expect(Object.keys(entry).sort()).toEqual(['port', 'protocol']);
          }
        }
      }),
      runs,
    );
  });

  test('a pod reaches exactly the ports that its declared calls lead to', () => {
    fc.assert(
      fc.property(randomPlan, plan => {
        expect(undeclared(plan, objectsOf(plan))).toEqual([]);
      }),
      runs,
    );
  });

  test('this would be noticed: a policy that is wider or missing', () => {
    const plan = sentinelPlan();
    const objects = objectsOf(plan);
    const [missing, ...others] = objects;
    expect(missing?.metadata.name).toBe('control-api-mtls-only');
    expect(undeclared(plan, others)).not.toEqual([]);
    const wider = objects.map(object =>
      JSON.parse(JSON.stringify(object).replaceAll(/"podSelector":\{"matchLabels":\{"app":"legacy-scheduler"\}\}/g, '"podSelector":{}')),
    );
    expect(undeclared(plan, wider)).not.toEqual([]);
    expect(undeclared(plan, objects)).toEqual([]);
  });

  test('a service that is changed changes no policy but its own and those of its neighbours', () => {
    const plan = sentinelPlan();
    const changed = withService(plan, 'infra-adapter', found => ({
      ...found,
      ports: found.ports.map(port => ({ ...port, targetPort: 6000 })),
    }));
    const before = byName(objectsOf(plan), 'NetworkPolicy');
    const after = byName(objectsOf(changed), 'NetworkPolicy');
    const names = Object.keys(before).filter(name => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
    expect(names).toEqual(['infra-adapter-mtls-only', 'pipeline-controller-mtls-only']);
  });
});

/** Every connection between two pods of the fleet that is allowed and not declared, or the other way round. */
function undeclared(plan: Plan, policies: readonly Rendered[]): string[] {
  const declared = new Set(
    plan.edges.flatMap(({ caller, callee, port: name, mode }) => {
      const port = plan.services.find(found => found.name === callee)?.ports.find(found => found.name === name);
      if (!port) return [];
      const ports = [port.targetPort, ...(mode === 'permissive' && port.plainPort !== undefined ? [port.plainPort] : [])];
      return ports.map(number => `${caller} → ${callee}:${number}/${port.transport}`);
    }),
  );
  const wrong: string[] = [];
  for (const caller of plan.services) {
    for (const callee of plan.services) {
      const numbers = new Set(callee.ports.flatMap(port => [port.port, port.targetPort, port.plainPort ?? 1]));
      for (const number of numbers) {
        for (const protocol of ['TCP', 'UDP']) {
          const call = `${caller.name} → ${callee.name}:${number}/${protocol}`;
          if (reaches(policies, podOf(caller), podOf(callee), number, protocol) !== declared.has(call)) wrong.push(call);
        }
      }
    }
  }
  return wrong;
}
