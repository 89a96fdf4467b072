import type { SecureContext } from 'node:tls';
import { authorizeAny, authorizeSpiffeId, Mtls, MtlsError, silentLogger } from '../../../libs/sentinel-node/src/index.js';
import type { Plan } from '../../fleet/plan.js';
import type { ObjectSet } from '../../objects/index.js';
import { EmbeddedAuthority, type Forgery } from '../../pki/authority.js';
import type { Credential } from '../../pki/authority-credential.js';
import { portKey, type TlsPort } from './calls.js';
import { call, callAsService, clientContext, type DeclaredCall } from './loopback-client.js';
import { type Exchange, LoopbackServer } from './loopback-server.js';
import { makeParties, type Party, serverPortOf } from './parties.js';
import { startLayer } from './tls-reasons.js';
import { environmentTrust, type Trust } from './trust.js';
import type { Layer } from './types.js';

/** Why a server of the manifests can't take a call at all. */
export interface Absence {
  readonly layer: Layer;
  readonly reason: string;
}

/** Everything that handshakes need: servers that listen, callers with their identities, and impostors. */
export class Stage {
  readonly #servers = new Map<string, LoopbackServer>();
  readonly #absent = new Map<string, Absence>();
  readonly #impostors = new Map<string, Promise<LoopbackServer>>();
  readonly #contexts = new Map<Credential, SecureContext>();
  readonly #callers = new Map<string, Mtls | Absence>();
  readonly #forged = new Map<string, Promise<Credential>>();
  #nobody: SecureContext | undefined;

  static async open(objects: ObjectSet, plan: Plan, ports: readonly TlsPort[], timeoutMs: number): Promise<Stage> {
    const authority = new EmbeddedAuthority(objects, { clusterResourceNamespace: plan.certManagerNamespace });
    const [parties, trust] = await Promise.all([makeParties(objects, plan, authority), environmentTrust(objects, plan, authority)]);
    const stage = new Stage(authority, parties, trust, timeoutMs);
    try {
      for (const port of ports) await stage.#listen(port);
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  private constructor(
    private readonly authority: EmbeddedAuthority,
    readonly parties: ReadonlyMap<string, Party>,
    private readonly trust: Trust,
    private readonly timeoutMs: number,
  ) {}

  get notes(): readonly string[] {
    return [...this.trust.notes, ...this.authority.notes];
  }

  /** Why nobody listens on a port; undefined when somebody does. */
  absenceOf(target: TlsPort): Absence | undefined {
    return this.#absent.get(portKey(target.service.name, target.port.name));
  }

  /** Calls the server of a port as somebody who follows no policy. */
  async callServer(target: TlsPort, credential: Credential | undefined): Promise<Exchange> {
    const context = this.#contextOf(credential);
    const host = target.service.fqdn;
    return this.#serverOf(target).exchange(port => call(port, { host, context, timeoutMs: this.timeoutMs }));
  }

  /** Calls the server of a port as a service does. */
  async callServerAs(target: TlsPort, caller: string, declared: DeclaredCall): Promise<Exchange> {
    return this.#callAs(this.#serverOf(target), caller, declared);
  }

  /** Calls a server that takes everybody but shows a forged certificate, as a service does. */
  async callImpostor(name: string, shown: Credential, caller: string, declared: DeclaredCall): Promise<Exchange> {
    let impostor = this.#impostors.get(name);
    if (!impostor) {
      impostor = LoopbackServer.start({ credential: shown, roots: this.trust.roots, admits: authorizeAny(), timeoutMs: this.timeoutMs });
      this.#impostors.set(name, impostor);
    }
    return this.#callAs(await impostor, caller, declared);
  }

  /** A certificate that somebody must refuse, made once for each name. */
  forge(name: string, party: Party, forgery: Forgery): Promise<Credential> | undefined {
    if (!party.certificate || 'problem' in party.credential) return undefined;
    const known = this.#forged.get(name);
    if (known) return known;
    const made = this.authority.forge(party.certificate, forgery);
    this.#forged.set(name, made);
    return made;
  }

  async close(): Promise<void> {
    const impostors = await Promise.allSettled(this.#impostors.values());
    const started = impostors.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
    await Promise.all([...this.#servers.values(), ...started].map(server => server.close()));
  }

  #serverOf(target: TlsPort): LoopbackServer {
    const server = this.#servers.get(portKey(target.service.name, target.port.name));
    if (!server) throw new Error(`nobody listens on ${portKey(target.service.name, target.port.name)}`);
    return server;
  }

  async #callAs(server: LoopbackServer, caller: string, declared: DeclaredCall): Promise<Exchange> {
    const mtls = this.#callerOf(caller);
    if (!(mtls instanceof Mtls)) return { outcome: 'refused', layer: mtls.layer, reason: `the caller does not start: ${mtls.reason}` };
    return server.exchange(port => callAsService(mtls, declared, port, this.timeoutMs));
  }

  /** The runtime of a caller, made once. */
  #callerOf(caller: string): Mtls | Absence {
    const known = this.#callers.get(caller);
    if (known) return known;
    const made = startCaller(this.parties.get(caller), this.trust.roots, this.timeoutMs);
    this.#callers.set(caller, made);
    return made;
  }

  #contextOf(credential: Credential | undefined): SecureContext {
    if (!credential) {
      this.#nobody ??= clientContext(this.trust.roots, undefined);
      return this.#nobody;
    }
    const known = this.#contexts.get(credential);
    if (known) return known;
    const made = clientContext(this.trust.roots, credential);
    this.#contexts.set(credential, made);
    return made;
  }

  async #listen({ service, port }: TlsPort): Promise<void> {
    const key = portKey(service.name, port.name);
    const party = this.parties.get(service.name);
    if (!party || 'problem' in party.credential) {
      const reason = party && 'problem' in party.credential ? party.credential.problem : 'it has no certificate';
      this.#absent.set(key, { layer: 'issuance', reason });
      return;
    }
    const entry = serverPortOf(party, port);
    if ('value' in entry && entry.value.mode === 'disabled') {
      this.#absent.set(key, { layer: 'identity', reason: 'its policy.json has the port in mode disabled' });
      return;
    }
    const common = { credential: party.credential.value, roots: this.trust.roots, timeoutMs: this.timeoutMs };
    try {
      const server = await LoopbackServer.start({ ...common, admits: { policy: party.policyText ?? '', port: port.targetPort } });
      this.#servers.set(key, server);
    } catch (error) {
      if (!(error instanceof MtlsError)) throw error;
      if (!error.code.startsWith('policy-')) this.#absent.set(key, { layer: startLayer(error.code), reason: error.message });
      // a process without a policy that it understands lets nobody in; the caller's side is tried all the same
      else this.#servers.set(key, await LoopbackServer.start({ ...common, admits: authorizeSpiffeId(), refusal: error.message }));
    }
  }
}

function startCaller(party: Party | undefined, roots: string, timeoutMs: number): Mtls | Absence {
  if (!party || 'problem' in party.credential) return { layer: 'issuance', reason: 'it has no certificate' };
  const { value } = party.credential;
  try {
    const files = { cert: value.chain, key: value.privateKeyPem(), ca: roots, policy: party.policyText };
    return Mtls.inMemory(files, { logger: silentLogger, timings: { handshakeTimeoutMs: timeoutMs } });
  } catch (error) {
    if (error instanceof MtlsError) return { layer: startLayer(error.code), reason: error.message };
    throw error;
  }
}
