import type { Plan } from '../../fleet/plan.js';
import type { ObjectSet } from '../../objects/index.js';
import { type Decision, IdentityRelation } from '../identity/index.js';
import { declaredCalls, portKey, type TlsPort } from '../prove/calls.js';
import { type Cause, causeAt, causeOfNothing, type Difference } from './difference.js';

/** Where Certificates and allow-lists let somebody else past a handshake than declared, or stop whom they should not. */
export function identityDifferences(objects: ObjectSet, plan: Plan): readonly Difference[] {
  const relation = new IdentityRelation(objects, plan);
  const calls = declaredCalls(plan);
  const names = new Map(plan.services.map(({ spiffeId, name }) => [spiffeId, name]));
  const missing = [
    ...calls.edges.map(({ caller, target }) => ({ caller, target, decision: relation.call(caller, target) })),
    ...calls.externals.map(({ caller, target, spiffeId }) => ({ caller, target, decision: relation.attemptAs(spiffeId, target) })),
  ].filter(({ decision }) => !decision.accepted);
  const declared = new Set(calls.edges.map(({ caller, target }) => `${caller} ${portKey(target.service.name, target.port.name)}`));
  for (const { spiffeId, target } of calls.externals) declared.add(`${spiffeId} ${portKey(target.service.name, target.port.name)}`);
  return [
    ...missing.map(({ caller, target, decision }) => stopped(objects, caller, target, decision)),
    ...calls.ports.flatMap(target => admittedExtra(objects, plan, relation, target, declared, names)),
  ];
}

function admittedExtra(
  objects: ObjectSet,
  plan: Plan,
  relation: IdentityRelation,
  target: TlsPort,
  declared: ReadonlySet<string>,
  names: ReadonlyMap<string, string>,
): readonly Difference[] {
  const { everybody, listed } = relation.admitted(target);
  const key = portKey(target.service.name, target.port.name);
  const isDeclared = (caller: string): boolean => declared.has(`${caller} ${key}`);
  const candidates = everybody ? plan.services.map(({ name }) => name) : listed.flatMap(({ spiffeId }) => relation.showing(spiffeId));
  // a port in mode audit is declared to let everybody in
  const audited = everybody && target.port.mode === 'audit';
  const services = [...new Set(candidates)].filter(caller => caller !== target.service.name && !audited && !isDeclared(caller));
  const strangers = listed.filter(({ spiffeId }) => relation.showing(spiffeId).length === 0 && !isDeclared(spiffeId));
  return [
    ...services.map(caller => ({ caller, decision: relation.attempt(caller, target) })),
    ...strangers
      // a declared caller that shows another identity is missing, not extra
      .filter(({ spiffeId }) => !isDeclared(names.get(spiffeId) ?? ''))
      .map(({ spiffeId }) => ({ caller: spiffeId, decision: relation.attemptAs(spiffeId, target) })),
  ]
    .filter(({ decision }) => decision.accepted)
    .map(({ caller, decision }) => {
      const call = `${caller} → ${key}`;
      return {
        code: 'identity-extra' as const,
        layer: 'identity' as const,
        from: caller,
        to: target.service.name,
        port: target.port.name,
        text: `${call} gets past the handshake and is not declared: ${decision.reason}`,
        causes: [causeOf(objects, decision)],
        change: `take ${caller} out of the allow-list of port ${target.port.name}`,
      };
    });
}

function stopped(objects: ObjectSet, caller: string, { service, port }: TlsPort, decision: Decision): Difference {
  const cause = causeOf(objects, decision);
  const place = cause.path === '' ? cause.object : `${cause.path} of ${cause.object}`;
  return {
    code: 'identity-missing',
    layer: 'identity',
    from: caller,
    to: service.name,
    port: port.name,
    text: `${caller} → ${portKey(service.name, port.name)} is declared, and the handshake fails: ${decision.reason}`,
    causes: [cause],
    change: `set ${place} as it is declared`,
  };
}

function causeOf(objects: ObjectSet, { at, reason }: Decision): Cause {
  return at ? causeAt(objects, at.object, at.path, reason) : causeOfNothing('no object', reason);
}
