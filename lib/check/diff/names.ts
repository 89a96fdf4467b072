import { isRecord, type ObjectSet, valueAt } from '../../objects/index.js';
import type { PolicyOf } from './policies.js';
import { canonical } from './shown.js';

/** A group of pods or addresses as a policy selects them. */
export interface Peer {
  /** Equal for equal selectors. */
  readonly key: string;
  readonly words: string;
  /** The service of the fleet, when the labels are those of one. */
  readonly service: string | undefined;
}

const NAMESPACE = 'kubernetes.io/metadata.name';
const FLEET = 'sentinel-mtls.io/fleet';
const NAMES = ['app.kubernetes.io/name', 'app', 'k8s-app', 'name'];

/** The words of one environment: which service has an identity, which pods and which port. */
export class Names {
  readonly #services = new Map<string, string | undefined>();
  readonly #namespaceOf = new Map<string, string>();
  readonly #ports = new Map<string, { readonly name: string; readonly plain: boolean }[]>();

  constructor(policies: readonly PolicyOf[], objects: ObjectSet) {
    for (const { policy, namespace } of policies) {
      // an identity that two services claim is no name for either
      this.#services.set(policy.spiffeId, this.#services.has(policy.spiffeId) ? undefined : policy.service);
      this.#namespaceOf.set(policy.service, namespace);
      for (const { name, port, plainPort } of policy.server) {
        this.#addPort(policy.service, port, name, false);
        if (plainPort !== undefined) this.#addPort(policy.service, plainPort, name, true);
      }
    }
    for (const service of objects.ofKind('Service', '')) {
      const ports = valueAt(service, ['spec', 'ports']);
      for (const port of Array.isArray(ports) ? ports : []) {
        if (!isRecord(port) || typeof port.name !== 'string') continue;
        const number = port.targetPort ?? port.port;
        if (typeof number === 'number') this.#addPort(service.metadata.name, number, port.name, false);
      }
    }
  }

  identity(spiffeId: string): string {
    return this.#services.get(spiffeId) ?? spiffeId;
  }

  /** Names of a service's ports that listen on a number; several may share a listener. */
  ports(service: string, number: number): readonly { readonly name: string; readonly plain: boolean }[] {
    return this.#ports.get(`${service} ${number}`) ?? [];
  }

  /** `namespaceSelector` and `podSelector` of a peer; without the first the policy's own namespace is meant. */
  pods(namespaceSelector: unknown, podSelector: unknown, own: string): Peer {
    const namespace = namespaceSelector === undefined ? own : namespaceOf(namespaceSelector);
    const name = nameOf(podSelector);
    const where = namespace ?? (isEmpty(namespaceSelector) ? 'every namespace' : `namespaces with ${labelWords(namespaceSelector)}`);
    const who = name ?? (isEmpty(podSelector) ? 'every pod' : `pods with ${labelWords(podSelector)}`);
    const service = name !== undefined && namespace !== undefined && this.#namespaceOf.get(name) === namespace ? name : undefined;
    const key = canonical([namespace ?? namespaceSelector, podSelector ?? {}]);
    return { key, words: service ?? `${who} in ${where}`, service };
  }

  #addPort(service: string, number: number, name: string, plain: boolean): void {
    const key = `${service} ${number}`;
    const ports = this.#ports.get(key) ?? [];
    if (!ports.some(port => port.name === name && port.plain === plain)) ports.push({ name, plain });
    this.#ports.set(key, ports);
  }
}

function namespaceOf(selector: unknown): string | undefined {
  const labels = plainLabels(selector);
  const [only, ...others] = Object.entries(labels ?? {});
  return only !== undefined && others.length === 0 && only[0] === NAMESPACE ? only[1] : undefined;
}

/** Only from the labels that select, never from a name that somebody gave the policy. */
function nameOf(selector: unknown): string | undefined {
  const labels = Object.entries(plainLabels(selector) ?? {}).filter(([key]) => key !== FLEET);
  const [only, ...others] = labels;
  return only !== undefined && others.length === 0 && NAMES.includes(only[0]) ? only[1] : undefined;
}

/** `matchLabels`, when they are all that the selector has. */
function plainLabels(selector: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(selector) || !isRecord(selector.matchLabels) || Object.keys(selector).length > 1) return undefined;
  const entries = Object.entries(selector.matchLabels).map(([key, value]): [string, string] => [key, String(value)]);
  return Object.fromEntries(entries);
}

const isEmpty = (selector: unknown): boolean =>
  selector === undefined || canonical(selector) === '{}' || canonical(selector) === '{"matchLabels":{}}';

function labelWords(selector: unknown): string {
  const labels = plainLabels(selector);
  if (labels === undefined) return canonical(selector);
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
