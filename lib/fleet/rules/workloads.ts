import { isDnsLabel, isDnsSubdomain } from '../../pki/index.js';
import { carriesTls, protocolOf, targetPortOf, transportOf } from '../calls.js';
import { list, nearest } from '../did-you-mean.js';
import type { Issue, Path } from '../issue.js';
import { show } from '../structure.js';
import type { Fleet, Mode, Service, WorkloadKind } from '../types.js';

const REPLICATED: ReadonlySet<WorkloadKind> = new Set(['Deployment', 'StatefulSet']);
/** What only a workload that the fleet deploys can have. */
const OWN_FIELDS = ['workload', 'image', 'command', 'args', 'schedule', 'env', 'resources', 'securityContext'] as const;

/** Workloads and ports that can't be deployed as declared. */
export function* checkWorkloads(fleet: Fleet): Iterable<Issue> {
  for (const [name, service] of Object.entries(fleet.services)) {
    const path = ['services', name];
    yield* kindRules(name, service, path);
    yield* portRules(name, service, path);
    yield* modeRules(fleet, name, service, path);
    if (service.hostNetwork === true) yield* hostNetworkRules(fleet, name, [...path, 'hostNetwork']);
    yield* textRules(service, path);
  }
  for (const [environment, env] of Object.entries(fleet.environments)) {
    for (const [name, override] of Object.entries(env.services ?? {})) {
      const path = ['environments', environment, 'services', name];
      const service = Object.hasOwn(fleet.services, name) ? fleet.services[name] : undefined;
      if (service === undefined) {
        const guess = nearest(name, Object.keys(fleet.services));
        yield {
          path,
          atKey: true,
          message: `environment "${environment}" overrides service "${name}", which does not exist`,
          notes: [`declared: ${list(Object.keys(fleet.services))}`, guess === undefined ? 'remove it' : `write "${guess}"`],
        };
        continue;
      }
      yield* textRules(override, path);
      if (override.replicas !== undefined && !REPLICATED.has(kindOf(service)))
        yield replicasIssue(name, kindOf(service), [...path, 'replicas']);
      if (service.existing !== undefined) {
        for (const field of ['image', 'env', 'resources'] as const) {
          if (override[field] !== undefined)
            yield {
              path: [...path, field],
              atKey: true,
              message: `environment "${environment}" sets ${field} of "${name}", which somebody else deploys`,
              notes: ['change it where that workload is declared'],
            };
        }
      }
    }
  }
}

function* hostNetworkRules(fleet: Fleet, name: string, path: Path): Iterable<Issue> {
  const guarded = Object.entries(fleet.environments).filter(([, env]) => (env.network?.policies ?? fleet.network?.policies) !== false);
  if (guarded.length > 0)
    yield {
      path,
      message: `service "${name}" uses the host's network, where environment "${guarded[0]?.[0]}" has network policies`,
      notes: ['a NetworkPolicy never applies to such pods: remove hostNetwork, or set network.policies: false and guard the node yourself'],
    };
}

/** Repository, optional tag and digest, as the registries' reference grammar has them. */
const IMAGE =
  /^[a-z0-9]+(?:(?:[._-]|__|-+)[a-z0-9]+)*(?::\d+)?(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/;
const QUANTITY = /^\d+(?:\.\d+)?(?:m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;
const CRON_FIELD = /^(?:\*|[\dA-Za-z]+(?:-[\dA-Za-z]+)?)(?:\/\d+)?(?:,(?:\*|[\dA-Za-z]+(?:-[\dA-Za-z]+)?)(?:\/\d+)?)*$/;
const CRON_NAME = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/;

function* textRules(service: Pick<Service, 'image' | 'schedule' | 'resources' | 'existing'>, path: Path): Iterable<Issue> {
  if (service.image !== undefined && !IMAGE.test(service.image))
    yield {
      path: [...path, 'image'],
      message: `image is ${show(service.image)}`,
      notes: ['expected <registry>/<repository>:<tag>, in lower case and without spaces'],
    };
  const fields = service.schedule?.trim().split(/\s+/) ?? [];
  if (
    service.schedule !== undefined &&
    !CRON_NAME.test(service.schedule) &&
    !(fields.length === 5 && fields.every(field => CRON_FIELD.test(field)))
  )
    yield {
      path: [...path, 'schedule'],
      message: `schedule is ${show(service.schedule)}`,
      notes: ['expected five fields, minute hour day month weekday, such as "30 2 * * *"'],
    };
  for (const part of ['requests', 'limits'] as const) {
    for (const [resource, amount] of Object.entries(service.resources?.[part] ?? {})) {
      if (!QUANTITY.test(amount))
        yield {
          path: [...path, 'resources', part, resource],
          message: `${resource} is ${show(amount)}`,
          notes: ['expected a quantity such as 250m or 128Mi'],
        };
    }
  }
  for (const [index, name] of (service.existing?.containers ?? []).entries()) {
    if (!isDnsLabel(name))
      yield {
        path: [...path, 'existing', 'containers', index],
        message: `container name is ${show(name)}`,
        notes: ['expected lower-case letters, digits and dashes'],
      };
  }
  for (const [index, name] of (service.existing?.names ?? []).entries()) {
    if (!isDnsSubdomain(name))
      yield {
        path: [...path, 'existing', 'names', index],
        message: `workload name is ${show(name)}`,
        notes: ['expected lower-case letters, digits, dashes and dots'],
      };
  }
}

export const kindOf = (service: Service): WorkloadKind => service.existing?.kind ?? service.workload ?? 'Deployment';

const replicasIssue = (name: string, kind: WorkloadKind, path: Path): Issue => ({
  path,
  message: `service "${name}" is a ${kind} and has replicas`,
  notes: ['only a Deployment or a StatefulSet has replicas: remove the key'],
});

function* kindRules(name: string, service: Service, path: Path): Iterable<Issue> {
  const kind = kindOf(service);
  if (service.existing !== undefined) {
    for (const field of OWN_FIELDS) {
      if (service[field] !== undefined)
        yield {
          path: [...path, field],
          atKey: true,
          message: `service "${name}" has ${field}, but its workload is existing`,
          notes: ['somebody else deploys it: remove the key, or remove existing'],
        };
    }
  } else {
    if (service.image === undefined)
      yield {
        path,
        atKey: true,
        message: `service "${name}" has no image`,
        notes: ['write image: <registry>/<repository>:<tag>, or existing: ... when somebody else deploys it'],
      };
    if (kind === 'CronJob' && service.schedule === undefined)
      yield {
        path,
        atKey: true,
        message: `service "${name}" is a CronJob without a schedule`,
        notes: ['write schedule: "<minute> <hour> <day> <month> <weekday>"'],
      };
    // 52: the controller appends eleven characters to the name of each Job
    if (kind === 'CronJob' && name.length > 52)
      yield {
        path,
        atKey: true,
        message: `name of CronJob "${name}" has ${name.length} characters`,
        notes: ['at most 52 are allowed: shorten it'],
      };
    if (kind !== 'CronJob' && service.schedule !== undefined)
      yield {
        path: [...path, 'schedule'],
        atKey: true,
        message: `service "${name}" is a ${kind} and has a schedule`,
        notes: ['only a CronJob has one: remove it, or write workload: CronJob'],
      };
  }
  if (service.replicas !== undefined && !REPLICATED.has(kind)) yield replicasIssue(name, kind, [...path, 'replicas']);
  if (service.headless === true && service.ports === undefined)
    yield {
      path: [...path, 'headless'],
      message: `service "${name}" is headless but has no ports`,
      notes: ['declare its ports, or remove headless'],
    };
}

function* portRules(name: string, service: Service, path: Path): Iterable<Issue> {
  const listening = new Map<string, string>();
  const served = new Map<string, string>();
  const claim = function* (
    map: Map<string, string>,
    key: string,
    port: string,
    message: (other: string) => string,
    at: Path,
  ): Iterable<Issue> {
    const other = map.get(key);
    if (other !== undefined) yield { path: at, message: message(other), notes: ['each needs a number of its own'] };
    map.set(key, port);
  };
  for (const [portName, port] of Object.entries(service.ports ?? {})) {
    const at = [...path, 'ports', portName];
    yield* claim(
      served,
      `${transportOf(port)}/${port.port}`,
      portName,
      other => `ports "${other}" and "${portName}" of "${name}" are both ${transportOf(port)} ${port.port}`,
      [...at, 'port'],
    );
    const key = `${transportOf(port)}/${targetPortOf(port)}`;
    const sibling = listening.get(key);
    if (sibling !== undefined && !samePlace(service, sibling, portName)) {
      yield {
        path: at,
        atKey: true,
        message: `ports "${sibling}" and "${portName}" of "${name}" share container port ${targetPortOf(port)} but not their protocol`,
        notes: ['one listener speaks one protocol: give them the same protocol and plainPort, or another targetPort'],
      };
    }
    listening.set(key, portName);
    if (port.plainPort !== undefined) {
      if (!carriesTls(port))
        yield {
          path: [...at, 'plainPort'],
          message: `port "${portName}" of "${name}" has a plainPort but carries no TLS`,
          notes: ['remove plainPort'],
        };
      const clash = Object.entries(service.ports ?? {}).find(
        ([, other]) => targetPortOf(other) === port.plainPort || other.port === port.plainPort,
      );
      if (clash !== undefined)
        yield {
          path: [...at, 'plainPort'],
          message: `plainPort ${port.plainPort} of port "${portName}" is also port "${clash[0]}"`,
          notes: ['choose a number that no port uses'],
        };
    }
    if (port.path !== undefined && !/^\/[^\s?#]*$/.test(port.path))
      yield {
        path: [...at, 'path'],
        message: `path of port "${portName}" is "${port.path}"`,
        notes: ['expected an absolute path such as /healthz'],
      };
    if (port.path !== undefined && protocolOf(port) !== 'health' && protocolOf(port) !== 'metrics')
      yield {
        path: [...at, 'path'],
        atKey: true,
        message: `port "${portName}" of "${name}" has a path`,
        notes: ['only health and metrics ports have one: remove it'],
      };
  }
}

function samePlace(service: Service, a: string, b: string): boolean {
  const [first, second] = [service.ports?.[a], service.ports?.[b]];
  return first !== undefined && second !== undefined && protocolOf(first) === protocolOf(second) && first.plainPort === second.plainPort;
}

/** A permissive service serves plain text somewhere else than TLS: one port can't do both. */
function* modeRules(fleet: Fleet, name: string, service: Service, path: Path): Iterable<Issue> {
  const environments = Object.values(fleet.environments);
  const somewhere = environments.some(env => env.mode === 'permissive' || env.services?.[name]?.mode === 'permissive');
  if (!somewhere && (service.mode ?? fleet.mode) !== 'permissive') return;
  const modes: readonly (readonly [Mode | undefined, Path])[] = [
    [service.mode ?? fleet.mode, service.mode === undefined ? ['mode'] : [...path, 'mode']],
    ...Object.entries(fleet.environments).flatMap(([environment, env]): (readonly [Mode | undefined, Path])[] => [
      [env.services?.[name]?.mode, ['environments', environment, 'services', name, 'mode']],
      [service.mode === undefined ? env.mode : undefined, ['environments', environment, 'mode']],
    ]),
  ];
  for (const [mode, at] of modes) {
    if (mode !== 'permissive') continue;
    for (const [portName, port] of Object.entries(service.ports ?? {})) {
      if (carriesTls(port) && port.plainPort === undefined) {
        yield {
          path: at,
          message: `service "${name}" is permissive, but its port "${portName}" has no plainPort`,
          notes: [`add plainPort to services.${name}.ports.${portName}: plain text and TLS can't share a port`],
        };
      }
    }
  }
}
