import fc from 'fast-check';
import { POLICY_FILE, Policy } from '../../lib/constructs/policy';
import type { Plan } from '../../lib/fleet/plan';
import type { Policy as AllowList } from '../../lib/fleet/policy';
import { edge, sentinelPlan, withService } from './_plan';
import { randomPlan } from './_random-plan';
import { byName, synth } from './_synth';

const textsOf = (plan: Plan): Record<string, string> =>
  Object.fromEntries(
    Object.entries(
      byName(
        synth(chart => new Policy(chart, 'policy', { plan })),
        'ConfigMap',
      ),
    ).map(([name, { data }]) => [name, data[POLICY_FILE]]),
  );

function policyOf(plan: Plan, service: string): AllowList {
  return JSON.parse(textsOf(plan)[`${service}-mtls-policy`] ?? '');
}

const id = (service: string, namespace = 'sentinel-system') => `spiffe://sentinel.internal/ns/${namespace}/sa/${service}`;

describe('the policy plane', () => {
  test('has one allow-list a service, as indented JSON that ends in a newline', () => {
    const texts = textsOf(sentinelPlan());
    expect(Object.keys(texts)).toHaveLength(7);
    for (const text of Object.values(texts)) expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    expect(texts).toMatchSnapshot();
  });

  test('allows the declared callers of a port, each with the mode of its call', () => {
    expect(policyOf(sentinelPlan(), 'control-api').server).toEqual([
      {
        name: 'https',
        port: 8000,
        mode: 'strict',
        allow: [
          { spiffeId: id('legacy-scheduler'), mode: 'strict' },
          { spiffeId: id('nightly-report'), mode: 'audit' },
          { spiffeId: id('node-agent'), mode: 'strict' },
          { spiffeId: id('pipeline-controller'), mode: 'strict' },
          { spiffeId: 'spiffe://edge.internal/gateway', mode: 'strict' },
        ],
      },
    ]);
  });

  test('guards no port without mutual TLS', () => {
    expect(policyOf(sentinelPlan(), 'node-agent').server).toEqual([]);
    const plan = withService(sentinelPlan(), 'pipeline-controller', found => ({
      ...found,
      ports: found.ports.map(port => ({ ...port, mode: 'disabled' as const })),
    }));
    expect(policyOf(plan, 'pipeline-controller').server).toEqual([]);
  });

  test('names the plain listener in mode permissive only', () => {
    expect(policyOf(sentinelPlan(), 'infra-adapter').server[0]).toMatchObject({ port: 50051, plainPort: 50050, mode: 'permissive' });
    const plan = withService(sentinelPlan(), 'infra-adapter', found => ({
      ...found,
      ports: found.ports.map(port => ({ ...port, mode: 'strict' as const })),
    }));
    expect(policyOf(plan, 'infra-adapter').server[0]).not.toHaveProperty('plainPort');
  });

  test('tells a client where to connect and whom to expect there', () => {
    expect(policyOf(sentinelPlan(), 'pipeline-controller').client).toContainEqual({
      service: 'control-api',
      name: 'https',
      port: 443,
      host: 'control-api.sentinel-system.svc.cluster.local',
      spiffeId: id('control-api'),
      mode: 'strict',
    });
  });

  test("gives the pod's port of a headless service, where nobody translates the Service's", () => {
    expect(policyOf(sentinelPlan(), 'ledger').client).toEqual([
      expect.objectContaining({ service: 'ledger', port: 7001, spiffeId: id('ledger', 'sentinel-data') }),
    ]);
  });

  test('denies everybody where nobody was declared', () => {
    expect(policyOf(sentinelPlan({ edges: [], externalEdges: [] }), 'control-api').server).toEqual([
      expect.objectContaining({ allow: [] }),
    ]);
  });

  test('does not depend on the order of the plan', () => {
    const plan = sentinelPlan();
    expect(textsOf({ ...plan, edges: [...plan.edges].reverse() })).toEqual(textsOf(plan));
  });

  test('for any plan, the allow-lists of servers and the calls of clients are the same relation', () => {
    fc.assert(
      fc.property(randomPlan, plan => {
        const policies = plan.services.map(service => policyOf(plan, service.name));
        const called = policies.flatMap(policy =>
          policy.client.flatMap(peer => {
            const port = plan.services.find(found => found.name === peer.service)?.ports.find(found => found.name === peer.name);
            return port && port.mode !== 'disabled' ? [`${policy.spiffeId} → ${peer.service}:${peer.name} ${peer.mode}`] : [];
          }),
        );
        const inside = new Set(plan.services.map(service => service.spiffeId));
        const allowed = policies.flatMap(policy =>
          policy.server.flatMap(port =>
            port.allow
              .filter(caller => inside.has(caller.spiffeId))
              .map(caller => `${caller.spiffeId} → ${policy.service}:${port.name} ${caller.mode}`),
          ),
        );
        expect(allowed.sort()).toEqual(called.sort());
      }),
    );
  });

  test('a call that is taken away disappears from both sides', () => {
    const plan = sentinelPlan({ edges: [edge('node-agent', 'control-api', 'https')], externalEdges: [] });
    expect(policyOf(plan, 'control-api').server[0]?.allow).toEqual([{ spiffeId: id('node-agent'), mode: 'strict' }]);
    expect(policyOf(plan, 'pipeline-controller').client).toEqual([]);
  });
});
