import type { DraftCall } from './draft.js';
import type { Group } from './services.js';

/** Hosts of this many characters before the name are looked at; longer texts are no addresses. */
const LONGEST_TEXT = 4096;

/** What comes before and behind a host: `scheme://`, a user, a port. */
const ADDRESS =
  /(?:([a-z][a-z0-9+.-]*):\/\/)?(?:[^\s@/,;|'"]*@)?([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)\.?(?::(\d{1,5}))?(?![\w-])/gi;

const HOST_NAME = /(?:HOST|ADDR|ADDRESS|URL|URI|SERVER|SERVERS|ENDPOINT|BROKER|BROKERS|TARGET|UPSTREAM|SVC|SERVICE)S?$/i;
const SCHEME_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, grpc: 80, ws: 80, wss: 443 };

/** Services by the names under which a pod of a namespace finds them. */
export class Directory {
  readonly #byName = new Map<string, Group>();

  constructor(groups: readonly Group[]) {
    for (const group of groups)
      for (const service of group.services) this.#byName.set(`${group.namespace}/${service.metadata.name}`, group);
  }

  /** `name`, `name.namespace`, with or without `svc` and a cluster domain. A host that is no such name is nobody's. */
  find(host: string, namespace: string): Group | undefined {
    const [name = '', second, third] = host.toLowerCase().split('.');
    if (second === undefined) return this.#byName.get(`${namespace}/${name}`);
    if (third !== undefined && third !== 'svc') return undefined;
    return this.#byName.get(`${second}/${name}`);
  }
}

/** Calls that the texts of a group's containers give away, each once, with where it stands. */
export function callsOf(group: Group, directory: Directory): { readonly calls: readonly DraftCall[]; readonly open: readonly string[] } {
  const calls = new Map<string, DraftCall>();
  const open: string[] = [];
  for (const workload of group.workloads) {
    for (const { what, name, text } of workload.containers.flatMap(({ texts }) => texts)) {
      if (text.length > LONGEST_TEXT) continue;
      for (const [, scheme, host = '', port] of text.matchAll(ADDRESS)) {
        const callee = directory.find(host, group.namespace);
        if (callee === undefined || callee === group || !looksMeant({ scheme, host, port, name, text })) continue;
        const wanted = port === undefined ? SCHEME_PORTS[scheme?.toLowerCase() ?? ''] : Number(port);
        const found =
          callee.ports.find(each => each.port === wanted) ??
          (port === undefined ? callee.ports.find(each => CALLED.has(each.protocol)) : undefined);
        const note = `from ${what} of ${workload.kind.toLowerCase()} ${workload.name}`;
        if (found === undefined)
          open.push(`${group.name} calls ${host}${port === undefined ? '' : `:${port}`} (${note}), and ${callee.name} has no such port`);
        else {
          const to = `${callee.name}:${found.name}`;
          const guessed = port === undefined && found.port !== wanted ? `${note}, which names no port` : note;
          if (!calls.has(to)) calls.set(to, { to, note: guessed });
        }
      }
    }
  }
  return { calls: [...calls.values()].sort((a, b) => (a.to < b.to ? -1 : 1)), open };
}

const CALLED: ReadonlySet<string> = new Set(['https', 'grpc', 'tcp', 'udp']);

/** A word that happens to be a service's name is no call: something must say that it is an address. */
function looksMeant(found: {
  readonly scheme: string | undefined;
  readonly host: string;
  readonly port: string | undefined;
  readonly name: string;
  readonly text: string;
}): boolean {
  if (found.scheme !== undefined || found.port !== undefined) return true;
  return HOST_NAME.test(found.name) && (found.text.trim() === found.host || /[,\s]/.test(found.text) || found.host.includes('.'));
}
