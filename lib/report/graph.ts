import type { Blast } from '../check/relations/index.js';
import type { Plan } from '../fleet/index.js';
import { alignColumns } from './handshakes-columns.js';

/** Version of both JSON forms. */
const SCHEMA_VERSION = 1;

/** The declared calls, one line each. */
export function formatGraph(plan: Plan): string {
  const inside = plan.edges.map(({ caller, callee, port, mode }) => [`${caller} → ${callee}:${port}`, mode]);
  const across = plan.externalEdges.map(({ direction, service, external, port, mode }) =>
    direction === 'in' ? [`${external} → ${service}:${port}`, `from outside, ${mode}`] : [`${service} → ${external}:${port}`, 'to outside'],
  );
  const title = `calls of fleet ${plan.fleet}, environment ${plan.environment}: ${inside.length} inside, ${across.length} across its border`;
  return `${title}\n\n${alignColumns([...inside, ...across])}\n\n`;
}

export function graphJson(plan: Plan): unknown {
  return {
    schemaVersion: SCHEMA_VERSION,
    fleet: plan.fleet,
    environment: plan.environment,
    services: plan.services.map(({ name, namespace, spiffeId, ports }) => ({
      name,
      namespace,
      spiffeId,
      ports: ports.map(port => ({
        name: port.name,
        port: port.port,
        targetPort: port.targetPort,
        protocol: port.protocol,
        mode: port.mode,
      })),
    })),
    externals: plan.externals.map(({ name, peers, spiffeId }) => ({ name, peers, ...(spiffeId !== undefined && { spiffeId }) })),
    calls: plan.edges,
    externalCalls: plan.externalEdges,
  };
}

export function formatBlast(blast: Blast, plan: Plan): string {
  const { direct, reachable, externals, deceived, cuts } = blast;
  const hop = (hops: number): string =>
    reachable
      .filter(each => each.hops === hops)
      .map(({ service }) => service)
      .join(', ');
  const farthest = Math.max(0, ...reachable.map(({ hops }) => hops));
  const rows = [
    ['identity', blast.spiffeId],
    ['calls', direct.map(({ service, port, mode }) => `${service}:${port}${mode === 'strict' ? '' : ` (${mode})`}`).join(', ') || 'nobody'],
    ...Array.from({ length: farthest }, (_, index) => [`after ${index + 1} ${index === 0 ? 'call' : 'calls'}`, hop(index + 1)]),
    ['in all', `${reachable.length} of ${plan.services.length - 1} other services`],
    ['externals', externals.join(', ') || 'none'],
    ['deceives', deceived.length === 0 ? 'nobody' : `${deceived.join(', ')}, when they call ${blast.service}`],
    ['names', blast.dnsNames.join(', ') || 'none'],
    [
      'until',
      `at most ${hours(blast.lifetimeSeconds)} after it was issued: nothing revokes it; it is renewed after ${hours(blast.renewedAfterSeconds)}`,
    ],
    ...cuts
      .filter(({ fewer }) => fewer > 0)
      .slice(0, 3)
      .map(({ call, fewer }) => ['shrinks', `without ${call}: ${fewer} fewer`]),
  ];
  return `a stolen key of ${blast.service} in ${plan.environment}\n\n${alignColumns(rows)}\n\n`;
}

export function blastJson(blast: Blast, plan: Plan): unknown {
  return { schemaVersion: SCHEMA_VERSION, fleet: plan.fleet, environment: plan.environment, ...blast };
}

/** `90 d`, `36 h` */
function hours(seconds: number): string {
  const whole = Math.round(seconds / 3600);
  return whole % 24 === 0 ? `${whole / 24} d` : `${whole} h`;
}
