import type { Plan } from '../../fleet/plan.js';
import { attacksOnCallers, attacksOnServers } from './attacks.js';
import type { Calls, PlannedCall, TlsPort } from './calls.js';
import { clientEntry, credentialOf, expectedOf, type Job } from './job.js';
import type { Exchange } from './loopback-server.js';
import type { Stage } from './stage.js';

/** Every attempt at ports on which somebody listens, in the order of the plan. */
export function planAttempts(stage: Stage, plan: Plan, calls: Calls): readonly Job[] {
  const listening = calls.ports.filter(port => !stage.absenceOf(port));
  const reachable = <T extends PlannedCall>(list: readonly T[]): readonly T[] => list.filter(({ target }) => listening.includes(target));
  return [
    ...calls.ports.flatMap(target => absence(stage, target)),
    ...calls.edges.map(call => edge(stage, call)),
    ...reachable(calls.externals).map(call => external(stage, call)),
    ...reachable(calls.nonEdges).map(call => nonEdge(stage, call)),
    ...listening.flatMap(target => attacksOnServers(stage, plan, target)),
    ...reachable(calls.edges).flatMap(call => attacksOnCallers(stage, plan, call)),
  ];
}

const refused = (layer: Exchange['layer'], reason: string): Exchange => ({ outcome: 'refused', layer, reason });

function absence(stage: Stage, target: TlsPort): readonly Job[] {
  const absent = stage.absenceOf(target);
  if (!absent) return [];
  const run = async (): Promise<Exchange> => refused(absent.layer, `nobody listens: ${absent.reason}`);
  return [{ kind: 'listen', caller: '', target, expected: 'accepted', run }];
}

function edge(stage: Stage, { caller, target }: PlannedCall): Job {
  const run = async (): Promise<Exchange> => {
    const absent = stage.absenceOf(target);
    if (absent) return refused(absent.layer, `nobody listens: ${absent.reason}`);
    const entry = clientEntry(stage.parties.get(caller), target);
    if ('problem' in entry) return refused('callerPolicy', `the caller does not call: ${entry.problem}`);
    const credential = credentialOf(stage, caller);
    if ('problem' in credential) return refused('issuance', `the caller has no certificate: ${credential.problem}`);
    return stage.callServerAs(target, caller, entry.value);
  };
  return { kind: 'edge', caller, target, expected: 'accepted', run };
}

function external(stage: Stage, { caller, target, spiffeId }: Calls['externals'][number]): Job {
  const run = async (): Promise<Exchange> => {
    const party = stage.parties.get(target.service.name);
    const forged = party && stage.forge(`external ${caller} ${target.service.name}`, party, playedExternal(spiffeId));
    if (!forged) return refused('issuance', 'there is no certificate to play it with');
    return stage.callServer(target, await forged);
  };
  return { kind: 'external', caller, target, expected: 'accepted', run };
}

function playedExternal(spiffeId: string) {
  return { uris: [spiffeId], dnsNames: [], commonName: 'external', usages: ['digital signature', 'client auth'] as const };
}

function nonEdge(stage: Stage, { caller, target }: PlannedCall): Job {
  const run = async (): Promise<Exchange> => {
    const credential = credentialOf(stage, caller);
    if ('problem' in credential) return refused('issuance', `the caller has no certificate: ${credential.problem}`);
    return stage.callServer(target, credential.value);
  };
  return { kind: 'nonEdge', caller, target, expected: expectedOf(target), run };
}
