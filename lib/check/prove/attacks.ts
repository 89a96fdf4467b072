import type { Plan, ServicePlan } from '../../fleet/plan.js';
import type { Forgery } from '../../pki/authority.js';
import type { Credential } from '../../pki/authority-credential.js';
import { type PlannedCall, portKey, type TlsPort } from './calls.js';
import { clientEntry, credentialOf, expectedOf, type Job } from './job.js';
import type { Party } from './parties.js';
import type { Stage } from './stage.js';
import type { AttackKind } from './types.js';

/** Usages that leave nothing to refuse but the fault that is tested. */
const CLIENT: NonNullable<Forgery['usages']> = ['digital signature', 'key encipherment', 'client auth'];
const SERVER: NonNullable<Forgery['usages']> = ['digital signature', 'key encipherment', 'server auth'];

/** Callers that a port must refuse, each with one fault; all else is that of a caller which it admits. */
export function attacksOnServers(stage: Stage, plan: Plan, target: TlsPort): readonly Job[] {
  const admitted = admittedCallers(plan, target);
  const model = modelParty(stage, plan, target, admitted[0]);
  const job = (kind: AttackKind, expected: Job['expected'], run: Job['run']): Job => ({
    kind,
    caller: model?.service.name ?? '',
    target,
    expected,
    run,
  });
  const nobody = job('noCertificate', 'refused', () => stage.callServer(target, undefined));
  if (!model) return [nobody];
  const known = admitted[0]?.spiffeId ?? target.service.spiffeId;
  const stranger = strangerTo(plan, target, admitted);
  const forged = (kind: AttackKind, expected: Job['expected'], name: string, forgery: Forgery): Job[] => {
    const credential = (): Promise<Credential> | undefined =>
      stage.forge(`${kind} ${model.service.name} ${name}`, model, { usages: CLIENT, ...forgery });
    return [
      job(kind, expected, async () => {
        const shown = await credential();
        if (!shown) throw new Error(`no certificate can be forged for ${model.service.name}`);
        return stage.callServer(target, shown);
      }),
    ];
  };
  const lenient = expectedOf(target);
  return [
    nobody,
    ...forged('foreignAuthority', 'refused', '', { foreign: true }),
    ...forged('expired', 'refused', '', { expired: true }),
    ...forged('otherIdentity', lenient, stranger, { uris: [stranger] }),
    ...forged('identityInCommonName', lenient, known, { uris: [], commonName: known }),
    ...forged('severalIdentities', lenient, `${known} ${stranger}`, { uris: [known, stranger] }),
  ];
}

/** Servers that the caller of a declared edge must refuse: another service, and another service under the callee's DNS names. */
export function attacksOnCallers(stage: Stage, plan: Plan, { caller, target }: PlannedCall): readonly Job[] {
  const callee = stage.parties.get(target.service.name);
  const other = otherParty(stage, plan, target.service.name, caller);
  const entry = clientEntry(stage.parties.get(caller), target);
  const credential = credentialOf(stage, caller);
  // without these the edge itself is a failure already
  if (!callee || !other || 'problem' in entry || 'problem' in credential) return [];
  const job = (kind: AttackKind, forgery: Forgery, party: Party): Job => ({
    kind,
    caller,
    target,
    expected: 'refused',
    run: async () => {
      const name = `${kind} ${target.service.name} ${other.service.name}`;
      const shown = await stage.forge(name, party, { usages: SERVER, ...forgery });
      if (!shown) throw new Error(`no certificate can be forged for ${party.service.name}`);
      return stage.callImpostor(name, shown, caller, entry.value);
    },
  });
  return [
    job('otherServer', {}, other),
    job('otherServerIdentity', { dnsNames: [entry.value.host], uris: [other.service.spiffeId] }, callee),
  ];
}

function admittedCallers(plan: Plan, target: TlsPort): readonly ServicePlan[] {
  const names = new Set(
    plan.edges.filter(edge => edge.callee === target.service.name && edge.port === target.port.name).map(edge => edge.caller),
  );
  return plan.services.filter(({ name }) => names.has(name));
}

/** Whose certificate an attacker copies: an admitted caller's, else that of any service that has one. */
function modelParty(stage: Stage, plan: Plan, target: TlsPort, preferred: ServicePlan | undefined): Party | undefined {
  const usable = (name: string): Party | undefined => {
    const party = stage.parties.get(name);
    return party && 'value' in party.credential ? party : undefined;
  };
  const first = preferred && usable(preferred.name);
  return (
    first ??
    plan.services.map(({ name }) => (name === target.service.name ? undefined : usable(name))).find(Boolean) ??
    usable(target.service.name)
  );
}

/** The SPIFFE ID of a real service that may not call, else of one that does not exist. */
function strangerTo(plan: Plan, target: TlsPort, admitted: readonly ServicePlan[]): string {
  const external = new Set(plan.externals.map(({ spiffeId }) => spiffeId));
  const ids = new Set(admitted.map(({ spiffeId }) => spiffeId));
  const stranger = plan.services.find(
    ({ name, spiffeId }) => name !== target.service.name && !ids.has(spiffeId) && !external.has(spiffeId),
  );
  return (
    stranger?.spiffeId ?? `spiffe://${plan.trustDomain}/ns/${target.service.namespace}/sa/nobody-${portKey('', target.port.name).slice(1)}`
  );
}

/** A third service if there is one: the caller itself is an unlikely impostor. */
function otherParty(stage: Stage, plan: Plan, callee: string, caller: string): Party | undefined {
  const parties = plan.services.flatMap(({ name }) => {
    const party = stage.parties.get(name);
    return party && name !== callee && 'value' in party.credential ? [party] : [];
  });
  return parties.find(({ service }) => service.name !== caller) ?? parties[0];
}
