import type { Plan } from '../../fleet/plan.js';
import type { Policy } from '../../fleet/policy.js';
import type { FieldPath, KubernetesObject, ObjectSet } from '../../objects/index.js';
import type { TlsPort } from '../prove/calls.js';
import { clientEntry } from '../prove/job.js';
import { policyObjectOf, type Rendered, readPolicy, serverPortOf } from '../prove/parties.js';
import type { Layer } from '../prove/types.js';
import { authorize } from './authorize.js';
import { Chains, type Credential, isFor, readCredential, servesAs } from './credentials.js';

/** How a handshake would end, and what decides it. */
export interface Decision {
  readonly accepted: boolean;
  readonly layer: Layer;
  readonly reason: string;
  /** The object and field that decide; undefined where none was rendered. */
  readonly at: { readonly object: KubernetesObject; readonly path: FieldPath } | undefined;
}

interface Party {
  readonly policy: Rendered<Policy>;
  readonly policyObject: KubernetesObject | undefined;
  readonly credential: Credential | { readonly problem: string };
}

type End = { readonly credential: Credential } | { readonly spiffeId: string };

/**
 * Who gets past whose handshake, read from Certificates, issuers, the trust bundle and each `policy.json`: the same
 * decisions in the same order as the real handshakes of `prove --handshakes`, without keys and sockets.
 */
export class IdentityRelation {
  readonly #parties = new Map<string, Party>();
  readonly #byIdentity = new Map<string, string[]>();
  readonly #trusted: ReadonlySet<string>;

  constructor(objects: ObjectSet, plan: Plan) {
    const chains = new Chains(objects, plan);
    this.#trusted = chains.trusted();
    for (const service of plan.services) {
      const credential = readCredential(objects, service, chains);
      this.#parties.set(service.name, { policy: readPolicy(objects, service), policyObject: policyObjectOf(objects, service), credential });
      const identity = 'problem' in credential ? credential : credential.identity;
      if ('problem' in identity) continue;
      const names = this.#byIdentity.get(identity.spiffeId);
      if (names) names.push(service.name);
      else this.#byIdentity.set(identity.spiffeId, [service.name]);
    }
  }

  /** Services that show a SPIFFE ID. */
  showing(spiffeId: string): readonly string[] {
    return this.#byIdentity.get(spiffeId) ?? [];
  }

  /** SPIFFE IDs that a port lets in, each with its place; `everybody` where it only audits. */
  admitted(target: TlsPort): {
    readonly everybody: boolean;
    readonly listed: readonly { readonly spiffeId: string; readonly path: FieldPath }[];
  } {
    const party = this.#party(target.service.name);
    const entry = serverPortOf(party, target.port);
    if (!('value' in entry) || entry.value.mode === 'disabled') return { everybody: false, listed: [] };
    const path = ['data', 'policy.json'];
    const listed = entry.value.allow.filter(({ mode }) => mode !== 'disabled').map(({ spiffeId }) => ({ spiffeId, path }));
    return { everybody: entry.value.mode === 'audit', listed };
  }

  /** A declared call: the caller follows its own policy.json and checks whom it reached. */
  call(caller: string, target: TlsPort): Decision {
    const absent = this.#absence(target);
    if (absent) return absent;
    const { policyObject, policy, credential } = this.#party(caller);
    const at = policyObject && { object: policyObject, path: ['data', 'policy.json'] };
    const entry = clientEntry({ policy }, target);
    if ('problem' in entry) return { ...refused('callerPolicy', `the caller does not call: ${entry.problem}`), at };
    if ('problem' in credential) return refused('issuance', `the caller has no certificate: ${credential.problem}`);
    // a process follows the policy.json of its own certificate's identity only
    if ('problem' in credential.identity) {
      const own = { object: credential.certificate, path: ['spec', 'uris'] };
      return { ...refused('identity', `the caller does not start: ${credential.identity.problem}`), at: own };
    }
    return this.#checkServer(target, entry.value) ?? this.#checkCaller({ credential }, target);
  }

  /** An undeclared call by a service that checks nothing but the chain. */
  attempt(caller: string, target: TlsPort): Decision {
    const absent = this.#absence(target);
    if (absent) return absent;
    const { credential } = this.#party(caller);
    if ('problem' in credential) return refused('issuance', `the caller has no certificate: ${credential.problem}`);
    return this.#checkServer(target, undefined) ?? this.#checkCaller({ credential }, target);
  }

  /** A call by somebody outside of the fleet with a good certificate of this SPIFFE ID. */
  attemptAs(spiffeId: string, target: TlsPort): Decision {
    return this.#absence(target) ?? this.#checkServer(target, undefined) ?? this.#checkCaller({ spiffeId }, target);
  }

  #party(service: string): Party {
    const party = this.#parties.get(service);
    if (!party) throw new Error(`${service} is no service of the fleet`);
    return party;
  }

  #absence({ service, port }: TlsPort): Decision | undefined {
    const party = this.#party(service.name);
    if ('problem' in party.credential) return refused('issuance', `nobody listens: ${party.credential.problem}`);
    if (party.credential.request.isCa) {
      const at = { object: party.credential.certificate, path: ['spec', 'isCA'] };
      return { ...refused('identity', 'nobody listens: its certificate is a CA'), at };
    }
    const entry = serverPortOf(party, port);
    if (!('value' in entry) || entry.value.mode !== 'disabled') return undefined;
    const at = party.policyObject && { object: party.policyObject, path: ['data', 'policy.json'] };
    return { ...refused('identity', 'nobody listens: its policy.json has the port in mode disabled'), at };
  }

  #checkServer({ service }: TlsPort, expected: { readonly host: string; readonly spiffeId: string } | undefined): Decision | undefined {
    const { credential } = this.#party(service.name);
    if ('problem' in credential) throw new Error(`${service.name} has nothing to show`);
    const { certificate, request, identity, root } = credential;
    const no = (layer: Layer, field: string, reason: string): Decision => ({
      ...refused(layer, `the caller refuses: ${reason}`),
      at: { object: certificate, path: ['spec', field] },
    });
    if (root === undefined || !this.#trusted.has(root))
      return no('tls', 'issuerRef', "its certificate is not signed by the environment's root");
    if (!servesAs('server', request)) return no('tls', 'usages', 'its certificate lacks the usage "server auth"');
    if (!expected) return undefined;
    if (!isFor(request.dnsNames, expected.host)) return no('tls', 'dnsNames', `its certificate is not for ${expected.host}`);
    if ('problem' in identity) return no('identity', 'uris', identity.problem);
    if (identity.spiffeId === expected.spiffeId) return undefined;
    return no('identity', 'uris', `it is ${identity.spiffeId}, expected ${expected.spiffeId}`);
  }

  #checkCaller(caller: End, target: TlsPort): Decision {
    if ('credential' in caller) {
      const { certificate, request, root } = caller.credential;
      const no = (field: string, reason: string): Decision => ({
        ...refused('tls', `the server refuses: ${reason}`),
        at: { object: certificate, path: ['spec', field] },
      });
      if (root === undefined || !this.#trusted.has(root)) return no('issuerRef', "its certificate is not signed by the environment's root");
      if (!servesAs('client', request)) return no('usages', 'its certificate lacks the usage "client auth"');
    }
    const party = this.#party(target.service.name);
    const at = party.policyObject && { object: party.policyObject, path: ['data', 'policy.json'] };
    const entry = serverPortOf(party, target.port);
    if (!('value' in entry)) return { ...refused('identity', `the server refuses: ${entry.problem}`), at };
    const peer = 'credential' in caller ? caller.credential.identity : caller;
    const { allowed, audited, reason } = authorize(entry.value, peer);
    if (allowed) return { accepted: true, layer: audited ? 'audit' : 'identity', reason, at };
    // a caller without an identity is refused for its certificate, not for the list
    const certificate =
      'credential' in caller && 'problem' in peer ? { object: caller.credential.certificate, path: ['spec', 'uris'] } : at;
    return { ...refused('identity', `the server refuses: ${reason}`), at: certificate };
  }
}

const refused = (layer: Layer, reason: string): Decision => ({ accepted: false, layer, reason, at: undefined });
