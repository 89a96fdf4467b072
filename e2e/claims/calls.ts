import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Check, type Claim, type Context, same } from '../claim.js';
import { InstalledEnvironment } from '../environment.js';
import { untilPoliciesAreInForce } from '../network-policies.js';
import { ROOT } from '../node/settings.js';
import { attackers, makeAttackers } from './_attackers.js';
import { callFrom, inTurns } from './_calls.js';

const NAMESPACE = 'sentinel-system';
const TRUST_DOMAIN = 'sentinel.internal';

interface Call {
  /** Pod and namespace of the caller. */
  readonly from: { readonly namespace: string; readonly pod: string; readonly name: string };
  readonly to: string;
  readonly port: number;
  readonly portName: string;
  readonly tls: boolean;
  readonly declared: boolean;
}

/** From real pods: every edge, every non-edge, attackers; with network policies and without them, so that each layer shows itself. */
export const calls: Claim = {
  name: 'calls',
  says: "declared calls work, others don't, and the layer that refuses is the one that should",
  fault: 'one more NetworkPolicy lets everybody in',
  faultShows: /undeclared.*found "(refused|handshake|closed|answered)/,
  async check(context, plant) {
    const environment = new InstalledEnvironment(context, join(ROOT, 'dist', 'dev'), NAMESPACE);
    await environment.install({ pods: true });
    try {
      await makeAttackers(context, NAMESPACE);
      if (plant) context.kubectl.apply([ALLOW_ALL]);
      await untilPoliciesAreInForce(context);
      const all = callsOf(context);
      const withPolicies = await inTurns(all, call =>
        tryCall(context, call, call.declared ? 'answered' : 'no connection', 'with network policies'),
      );
      const attacks = await inTurns(attackers('with network policies'), attack => attack.run(context));
      removePolicies(context, environment);
      await untilPoliciesAreInForce(context);
      // without the network's help the process has to say no, on the ports where it knows who calls
      const guarded = all.filter(({ tls, from }) => tls && from.namespace === NAMESPACE);
      const without = await inTurns(guarded, call =>
        tryCall(context, call, call.declared ? 'answered' : 'refused', 'without network policies'),
      );
      const bare = await inTurns(attackers('without network policies'), attack => attack.run(context));
      return [...withPolicies, ...attacks, ...without, ...bare];
    } finally {
      context.kubectl.delete(['namespace', 'outside', 'monitoring']);
      environment.remove();
    }
  },
};

async function tryCall(
  context: Context,
  { from, to, port, portName, tls, declared }: Call,
  expected: string,
  when: string,
): Promise<Check> {
  const host = `${to}.${NAMESPACE}.svc.cluster.local`;
  const how = tls && from.namespace === NAMESPACE ? ['--server-id', `spiffe://${TRUST_DOMAIN}/ns/${NAMESPACE}/sa/${to}`] : ['--plain'];
  const { outcome, detail } = await callFrom(context, from.namespace, from.pod, [host, String(port), ...how]);
  const check = same(`${declared ? 'declared' : 'undeclared'} ${from.name} → ${to}:${portName} ${when}`, outcome, expected);
  return check.ok ? check : { ...check, found: `${check.found} (${detail})` };
}

interface Fleet {
  readonly services: Readonly<
    Record<string, { readonly ports: Readonly<Record<string, { port: number; protocol: string }>>; readonly calls?: readonly string[] }>
  >;
}

/** Every service towards every port of every other one, read from fleet.yaml itself, and a Prometheus for the metrics. */
function callsOf(context: Context): Call[] {
  const { services } = parse(readFileSync(join(ROOT, 'fleet.yaml'), 'utf8')) as Fleet;
  const callers = [
    ...Object.entries(services).map(([name, { calls = [] }]) => ({
      from: { namespace: NAMESPACE, pod: podOf(context, name), name },
      declares: (to: string, port: string) => calls.includes(`${to}:${port}`),
    })),
    {
      from: { namespace: 'monitoring', pod: 'prometheus', name: 'prometheus' },
      declares: (_: string, port: string) => port === 'metrics',
    },
  ];
  return callers.flatMap(({ from, declares }) =>
    Object.entries(services)
      .filter(([to]) => to !== from.name)
      .flatMap(([to, { ports }]) =>
        // the Service has no port for probes
        Object.entries(ports)
          .filter(([, { protocol }]) => protocol !== 'health')
          .map(([portName, { port, protocol }]) => ({
            from,
            to,
            port,
            portName,
            tls: protocol !== 'metrics',
            declared: declares(to, portName),
          })),
      ),
  );
}

function podOf({ kubectl }: Context, service: string): string {
  // the attacker's pod has a service's labels too
  const pod = kubectl.list('pods', '-n', NAMESPACE, '-l', `app=${service}`).find(({ metadata }) => metadata.name.startsWith(`${service}-`));
  if (pod === undefined) throw new Error(`no pod of ${service}`);
  return pod.metadata.name;
}

function removePolicies({ kubectl }: Context, environment: InstalledEnvironment): void {
  const names = environment.ofKind('NetworkPolicy').map(({ metadata }) => metadata.name);
  kubectl.delete(['networkpolicy', '-n', NAMESPACE, ...names]);
}

const ALLOW_ALL = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'planted', namespace: NAMESPACE },
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
};
