import type { PolicyClientPeer } from '../../fleet/policy.js';
import type { Credential } from '../../pki/authority-credential.js';
import type { TlsPort } from './calls.js';
import type { Exchange } from './loopback-server.js';
import type { Party, Rendered } from './parties.js';
import type { Stage } from './stage.js';
import type { AttemptKind, Expectation } from './types.js';

/** An attempt that is still to be made. */
export interface Job {
  readonly kind: AttemptKind;
  readonly caller: string;
  readonly target: TlsPort;
  readonly expected: Expectation;
  readonly run: () => Promise<Exchange>;
}

/** What a caller of the fleet has to shake hands with. */
export function credentialOf(stage: Stage, caller: string): Rendered<Credential> {
  return stage.parties.get(caller)?.credential ?? { problem: `${caller} is no service of the fleet` };
}

/** The call as the caller's own policy.json has it. */
export function clientEntry(party: Pick<Party, 'policy'> | undefined, target: TlsPort): Rendered<PolicyClientPeer> {
  if (!party) return { problem: 'it is no service of the fleet' };
  if ('problem' in party.policy) return party.policy;
  const found = party.policy.value.client.find(({ service, name }) => service === target.service.name && name === target.port.name);
  if (!found) return { problem: `its policy.json has no client entry for ${target.service.name}:${target.port.name}` };
  return found.mode === 'disabled' ? { problem: 'its policy.json has the call in mode disabled' } : { value: found };
}

/** What a port must do with a caller that it does not know but whose handshake is good. */
export function expectedOf(target: TlsPort): Expectation {
  return target.port.mode === 'audit' ? 'audited' : 'refused';
}
