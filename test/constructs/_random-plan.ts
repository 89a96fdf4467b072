import fc from 'fast-check';
import type { EdgePlan, ExternalEdgePlan, ExternalPlan, Plan, PortPlan, ServicePlan } from '../../lib/fleet/plan';
import { port, sentinelPlan, service } from './_plan';

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'] as const;
const NAMESPACES = ['one', 'two'] as const;

const portPlans: fc.Arbitrary<PortPlan[]> = fc
  .uniqueArray(fc.integer({ min: 1000, max: 1005 }), { maxLength: 3 })
  .chain(numbers =>
    fc.tuple(
      ...numbers.map(number =>
        fc
          .record({
            mode: fc.constantFrom('strict' as const, 'permissive' as const, 'audit' as const, 'disabled' as const),
            plain: fc.boolean(),
            udp: fc.boolean(),
          })
          .map(({ mode, plain, udp }) =>
            port(`p${number}`, number, {
              targetPort: number + 100,
              mode,
              plainPort: plain && !udp ? number + 200 : undefined,
              transport: udp ? 'UDP' : 'TCP',
              tls: !udp,
              protocol: udp ? 'udp' : 'tcp',
            }),
          ),
      ),
    ),
  )
  .map(ports => ports as PortPlan[]);

const services: fc.Arbitrary<ServicePlan[]> = fc.subarray([...NAMES], { minLength: 1 }).chain(names =>
  fc
    .tuple(
      ...names.map(name =>
        fc
          .record({
            ports: portPlans,
            namespace: fc.constantFrom(...NAMESPACES),
            kind: fc.constantFrom('Deployment' as const, 'StatefulSet' as const, 'DaemonSet' as const, 'CronJob' as const, 'Job' as const),
            existing: fc.boolean(),
            mode: fc.constantFrom('strict' as const, 'disabled' as const, 'permissive' as const),
          })
          .map(({ ports, namespace, kind, existing, mode }) =>
            service(name, {
              ports,
              namespace,
              mode,
              workload: { kind, existing, schedule: '@daily' },
              ...(existing && { selectorLabels: { app: name } }),
            }),
          ),
      ),
    )
    .map(list => list as ServicePlan[]),
);

/** Plans whose calls, ports, modes and peers are drawn at random; each holds together. */
export const randomPlan: fc.Arbitrary<Plan> = services.chain(list => {
  const targets = list.flatMap(callee => callee.ports.map(({ name }) => ({ callee: callee.name, port: name })));
  const edges: EdgePlan[] = list.flatMap(caller => targets.map(target => ({ ...target, caller: caller.name, mode: 'strict' as const })));
  const externals: ExternalPlan[] = [
    { name: 'pods', peers: [{ namespace: 'elsewhere', labels: { app: 'client' } }], spiffeId: undefined, ports: [] },
    { name: 'everybody-there', peers: [{ namespace: 'open', labels: {} }], spiffeId: 'spiffe://other/client', ports: [] },
    {
      name: 'addresses',
      peers: [
        { cidr: '192.0.2.0/24', except: ['192.0.2.1/32'] },
        { cidr: '2001:db8::/64', except: [] },
      ],
      spiffeId: undefined,
      ports: [{ name: 'https', port: 443, transport: 'TCP' }],
    },
  ];
  const incoming: ExternalEdgePlan[] = targets.flatMap(({ callee, port: name }) =>
    externals.map(({ name: external }) => ({ direction: 'in' as const, service: callee, external, port: name, mode: 'strict' as const })),
  );
  const outgoing: ExternalEdgePlan[] = list.map(({ name }) => ({
    direction: 'out',
    service: name,
    external: 'addresses',
    port: 'https',
    mode: 'disabled',
  }));
  return fc
    .record({
      edges: fc.subarray(edges),
      externalEdges: fc.subarray([...incoming, ...outgoing]),
      ownsNamespaces: fc.boolean(),
    })
    .chain(chosen =>
      fc
        .array(fc.constantFrom('strict' as const, 'permissive' as const, 'disabled' as const), {
          minLength: chosen.edges.length,
          maxLength: chosen.edges.length,
        })
        .map(modes => {
          const base = sentinelPlan();
          return {
            ...base,
            namespaces: [...NAMESPACES] as unknown as Plan['namespaces'],
            services: list,
            externals,
            edges: chosen.edges.map((found, index) => ({ ...found, mode: modes[index] ?? 'strict' })),
            externalEdges: chosen.externalEdges,
            network: { ...base.network, ownsNamespaces: chosen.ownsNamespaces },
          };
        }),
    );
});
