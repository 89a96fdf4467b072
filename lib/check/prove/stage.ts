import type { SecureContext } from 'node:tls';
import type { Plan } from '../../fleet/plan.js';
import type { ObjectSet } from '../../objects/index.js';
import { EmbeddedAuthority, type Forgery } from '../../pki/authority.js';
import type { Credential } from '../../pki/authority-credential.js';
import { portKey, type TlsPort } from './calls.js';
import { call, clientContext, type ExpectedServer } from './loopback-client.js';
import { type Exchange, LoopbackServer } from './loopback-server.js';
import { makeParties, type Party, serverPortOf } from './parties.js';
import { authorize, deny } from './policy-reader.js';
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

  /** Calls the server of a port; without `expected` the caller checks nothing but the chain. */
  async callServer(target: TlsPort, credential: Credential | undefined, expected?: ExpectedServer): Promise<Exchange> {
    const server = this.#servers.get(portKey(target.service.name, target.port.name));
    if (!server) throw new Error(`nobody listens on ${portKey(target.service.name, target.port.name)}`);
    return this.#call(server, credential, expected, target.service.fqdn);
  }

  /** Calls a server that takes everybody but shows a forged certificate. */
  async callImpostor(name: string, shown: Credential, credential: Credential, expected: ExpectedServer): Promise<Exchange> {
    let impostor = this.#impostors.get(name);
    if (!impostor) {
      impostor = LoopbackServer.start({
        credential: shown,
        roots: this.trust.roots,
        authorize: () => ({ allowed: true, audited: false, reason: 'the caller took an impostor for it' }),
        timeoutMs: this.timeoutMs,
      });
      this.#impostors.set(name, impostor);
    }
    return this.#call(await impostor, credential, expected, expected.host);
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

  #call(server: LoopbackServer, credential: Credential | undefined, expected: ExpectedServer | undefined, host: string): Promise<Exchange> {
    const context = this.#contextOf(credential);
    return server.exchange(port => call(port, { host, context, expected, timeoutMs: this.timeoutMs }));
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
    const server = await LoopbackServer.start({
      credential: party.credential.value,
      roots: this.trust.roots,
      // a process without a policy that it understands lets nobody in
      authorize: peer => ('value' in entry ? authorize(entry.value, peer) : deny(entry.problem)),
      timeoutMs: this.timeoutMs,
    });
    this.#servers.set(key, server);
  }
}
