import { policyConfigMapName } from '../../fleet/names.js';
import type { Plan, PortPlan, ServicePlan } from '../../fleet/plan.js';
import { graphOf } from '../../fleet/plan-graph.js';
import type { Policy, PolicyClientPeer, PolicyServerPort } from '../../fleet/policy.js';
import type { Mode } from '../../fleet/types.js';
import { type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import { type Difference, findingAt, findingMissing, type ManifestFinding } from './manifest-finding.js';
import { policyObjectOf } from './parties.js';
import { PolicyError, parsePolicy } from './policy-reader.js';

const FILE = 'policy.json';

/** Compares a service's rendered policy.json with the declared graph. */
export function checkPolicy(objects: ObjectSet, plan: Plan, service: ServicePlan): readonly ManifestFinding[] {
  const object = policyObjectOf(objects, service);
  const text = valueAt(object, ['data', FILE]);
  if (!object || typeof text !== 'string') {
    const difference = { code: 'policy-missing', layer: 'identity', service: service.name, expected: `a ConfigMap with ${FILE}` } as const;
    return [findingMissing(`ConfigMap ${service.namespace}/${policyConfigMapName(service)}`, difference)];
  }
  const check = new PolicyCheck(objects, object, plan, service);
  try {
    return check.compare(parsePolicy(text));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return [check.finding({ code: 'policy-unreadable', found: error.message, expected: 'a policy of version 1' })];
  }
}

interface Entry {
  readonly caller: string;
  readonly mode: Mode;
}

type PolicyDifference = Omit<Difference, 'layer' | 'path' | 'service'> & { readonly path?: readonly (string | number)[] };

class PolicyCheck {
  constructor(
    private readonly objects: ObjectSet,
    private readonly object: KubernetesObject,
    private readonly plan: Plan,
    private readonly service: ServicePlan,
  ) {}

  compare(policy: Policy): readonly ManifestFinding[] {
    const { plan, service } = this;
    return [
      ...this.#field(['fleet'], policy.fleet, plan.fleet),
      ...this.#field(['environment'], policy.environment, plan.environment),
      ...this.#field(['service'], policy.service, service.name),
      ...this.#field(['spiffeId'], policy.spiffeId, service.spiffeId),
      ...this.#field(['mode'], policy.mode, service.mode),
      ...this.#serverPorts(policy.server),
      ...this.#clientPeers(policy.client),
    ];
  }

  /** A path inside of policy.json is shown, but the line is that of the ConfigMap's key. */
  finding({ path = [], ...difference }: PolicyDifference): ManifestFinding {
    const base = findingAt(this.objects, this.object, {
      ...difference,
      layer: 'identity',
      service: this.service.name,
      path: ['data', FILE],
    });
    return {
      ...base,
      path: path.reduce<string>((text, part) => `${text}${typeof part === 'number' ? `[${part}]` : `.${part}`}`, base.path),
    };
  }

  #field(
    path: readonly (string | number)[],
    found: unknown,
    expected: unknown,
    edge?: ManifestFinding['edge'],
  ): readonly ManifestFinding[] {
    if (found === expected) return [];
    return [this.finding({ code: 'policy-field', edge, path, found: String(found ?? 'unset'), expected: String(expected ?? 'unset') })];
  }

  #serverPorts(rendered: readonly PolicyServerPort[]): readonly ManifestFinding[] {
    const findings: ManifestFinding[] = [];
    const planned = new Map(this.service.ports.filter(({ tls }) => tls).map(port => [port.name, port]));
    for (const port of planned.values()) {
      const index = rendered.findIndex(({ name }) => name === port.name);
      const entry = rendered[index];
      // a disabled port may be left out or be listed as such
      if (!entry && port.mode === 'disabled') continue;
      if (!entry)
        findings.push(
          this.finding({ code: 'policy-port-missing', path: ['server'], found: 'nothing', expected: `server port ${port.name}` }),
        );
      else findings.push(...this.#serverPort(entry, index, port));
    }
    for (const [index, { name }] of rendered.entries()) {
      if (planned.has(name) && rendered.findIndex(other => other.name === name) === index) continue;
      findings.push(
        this.finding({ code: 'policy-port-unexpected', path: ['server', index], found: `server port ${name}`, expected: 'nothing' }),
      );
    }
    return findings;
  }

  #serverPort(entry: PolicyServerPort, index: number, port: PortPlan): readonly ManifestFinding[] {
    const path = ['server', index];
    const edge = (caller: string): ManifestFinding['edge'] => ({ caller, callee: this.service.name, port: port.name });
    const findings = [
      ...this.#field([...path, 'port'], entry.port, port.targetPort),
      ...this.#field([...path, 'mode'], entry.mode, port.mode),
    ];
    if (port.mode === 'permissive') findings.push(...this.#field([...path, 'plainPort'], entry.plainPort, port.plainPort));
    else if (entry.plainPort !== undefined) findings.push(...this.#field([...path, 'plainPort'], entry.plainPort, undefined));
    const callers = this.#callers(port);
    for (const [spiffeId, { caller, mode }] of callers) {
      const found = entry.allow.findIndex(allowed => allowed.spiffeId === spiffeId);
      if (found >= 0) findings.push(...this.#field([...path, 'allow', found, 'mode'], entry.allow[found]?.mode, mode, edge(caller)));
      else if (mode !== 'disabled' && port.mode !== 'disabled') {
        findings.push(
          this.finding({
            code: 'policy-caller-missing',
            edge: edge(caller),
            path: [...path, 'allow'],
            found: 'nothing',
            expected: spiffeId,
          }),
        );
      }
    }
    for (const [number, { spiffeId }] of entry.allow.entries()) {
      if (callers.has(spiffeId)) continue;
      const caller = this.plan.services.find(service => service.spiffeId === spiffeId)?.name ?? spiffeId;
      const at = [...path, 'allow', number];
      findings.push(this.finding({ code: 'policy-caller-unexpected', edge: edge(caller), path: at, found: spiffeId, expected: 'nothing' }));
    }
    return findings;
  }

  /** Who may call a port, by SPIFFE ID. */
  #callers(port: PortPlan): ReadonlyMap<string, Entry> {
    const callers = new Map<string, Entry>();
    const graph = graphOf(this.plan);
    for (const { caller, port: name, mode } of graph.incoming(this.service.name))
      if (name === port.name) callers.set(graph.service(caller).spiffeId, { caller, mode });
    for (const { external, port: name, mode } of graph.incomingExternal(this.service.name)) {
      const { spiffeId } = graph.external(external);
      if (name === port.name && spiffeId !== undefined) callers.set(spiffeId, { caller: external, mode });
    }
    return callers;
  }

  #clientPeers(rendered: readonly PolicyClientPeer[]): readonly ManifestFinding[] {
    const findings: ManifestFinding[] = [];
    const declared = new Set<string>();
    const graph = graphOf(this.plan);
    for (const edge of graph.outgoing(this.service.name)) {
      const { caller, callee, port: name, mode } = edge;
      const [target, port] = [graph.service(callee), graph.port(edge)];
      if (!port.tls) continue;
      declared.add(`${callee}:${name}`);
      const place = { caller, callee, port: name };
      const index = rendered.findIndex(peer => peer.service === callee && peer.name === name);
      const entry = rendered[index];
      if (entry) findings.push(...this.#clientPeer(entry, index, target, port, mode, place));
      else if (mode !== 'disabled' && port.mode !== 'disabled') {
        findings.push(
          this.finding({
            code: 'policy-callee-missing',
            edge: place,
            path: ['client'],
            found: 'nothing',
            expected: `client entry for ${callee}:${name}`,
          }),
        );
      }
    }
    for (const [index, { service, name }] of rendered.entries()) {
      if (declared.has(`${service}:${name}`)) continue;
      const edge = { caller: this.service.name, callee: service, port: name };
      findings.push(
        this.finding({
          code: 'policy-callee-unexpected',
          edge,
          path: ['client', index],
          found: `client entry for ${service}:${name}`,
          expected: 'nothing',
        }),
      );
    }
    return findings;
  }

  #clientPeer(entry: PolicyClientPeer, index: number, target: ServicePlan, port: PortPlan, mode: Mode, edge: ManifestFinding['edge']) {
    const path = ['client', index];
    return [
      ...this.#field([...path, 'host'], entry.host, target.fqdn, edge),
      // without a cluster IP nobody translates the Service's port
      ...this.#field([...path, 'port'], entry.port, target.headless ? port.targetPort : port.port, edge),
      ...this.#field([...path, 'spiffeId'], entry.spiffeId, target.spiffeId, edge),
      ...this.#field([...path, 'mode'], entry.mode, mode, edge),
    ];
  }
}
