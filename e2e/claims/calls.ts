import { type Check, type Claim, type Context, holds, same } from '../claim.js';
import type { InstalledEnvironment } from '../environment.js';
import { untilPoliciesAreInForce } from '../network-policies.js';
import { attackers, attacksByReason, makeAttackers, removeAttackers } from './_attackers.js';
import { callFrom, denialsBy, inTurns } from './_calls.js';
import { hostOf, NAMESPACE, podOf, services, spiffeIdOf } from './_sentinel.js';

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
  onRunningFleet: true,
  async check(context, plant) {
    const environment = context.fleet.up(context);
    try {
      await makeAttackers(context, NAMESPACE);
      if (plant) context.kubectl.apply([ALLOW_ALL]);
      await untilPoliciesAreInForce(context, NAMESPACES);
      const all = callsOf(context);
      const withPolicies = await inTurns(all, call =>
        tryCall(context, call, call.declared ? 'answered' : 'no connection', 'with network policies'),
      );
      const attacks = await inTurns(attackers('with network policies'), attack => attack.run(context));
      removePolicies(context, environment);
      await untilPoliciesAreInForce(context, NAMESPACES);
      // without the network's help the process has to say no, on the ports where it knows who calls
      const guarded = all.filter(({ tls, from }) => tls && from.namespace === NAMESPACE);
      // a server that speaks TLS 1.3 refuses a caller after the caller's part of the handshake; its metrics say why
      const without = await inTurns(guarded, call =>
        tryCall(context, call, call.declared ? 'answered' : 'handshake', 'without network policies'),
      );
      const reasons = await refusedByIdentity(context, guarded);
      const bare = await inTurns(attackers('without network policies'), attack => attack.run(context));
      const attackReasons = await attacksByReason(context, podOf(context, 'control-api'));
      return [...withPolicies, ...attacks, ...without, ...reasons, ...bare, ...attackReasons];
    } finally {
      context.kubectl.delete(['networkpolicy', ALLOW_ALL.metadata.name, '-n', NAMESPACE]);
      removeAttackers(context, NAMESPACE);
    }
  },
};

const NAMESPACES = [NAMESPACE, 'outside', 'monitoring'];

async function tryCall(
  context: Context,
  { from, to, port, portName, tls, declared }: Call,
  expected: string,
  when: string,
): Promise<Check> {
  const how = tls && from.namespace === NAMESPACE ? ['--server-id', spiffeIdOf(to)] : ['--plain'];
  const { outcome, detail } = await callFrom(context, from.namespace, from.pod, [hostOf(to), String(port), ...how]);
  const check = same(`${declared ? 'declared' : 'undeclared'} ${from.name} → ${to}:${portName} ${when}`, outcome, expected);
  return check.ok ? check : { ...check, found: `${check.found} (${detail})` };
}

/** Every undeclared caller was refused because of who it is, and no declared one was: the servers have counted them. */
async function refusedByIdentity(context: Context, guarded: readonly Call[]): Promise<Check[]> {
  const servers = [...new Set(guarded.map(({ to }) => to))];
  const denials = new Map(
    await Promise.all(
      servers.map(async (server): Promise<[string, string[]]> => [server, await denialsBy(context, NAMESPACE, podOf(context, server))]),
    ),
  );
  return guarded.map(({ from, to, port, portName, declared }) => {
    const counted = denials.get(to)?.includes(`${port} ${spiffeIdOf(from.name)} peer-not-listed`) === true;
    const what = `${to} ${declared ? 'has never refused' : 'has refused'} ${from.name} at ${portName} for its identity`;
    return holds(what, counted !== declared, `denials: ${denials.get(to)?.join(', ') || 'none'}`);
  });
}

/** Every service towards every port of every other one, read from fleet.yaml itself, and a Prometheus for the metrics. */
function callsOf(context: Context): Call[] {
  const all = services();
  const callers = [
    ...Object.entries(all).map(([name, { calls = [] }]) => ({
      from: { namespace: NAMESPACE, pod: podOf(context, name), name },
      declares: (to: string, port: string) => calls.includes(`${to}:${port}`),
    })),
    {
      from: { namespace: 'monitoring', pod: 'prometheus', name: 'prometheus' },
      declares: (_: string, port: string) => port === 'metrics',
    },
  ];
  return callers.flatMap(({ from, declares }) =>
    Object.entries(all)
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
