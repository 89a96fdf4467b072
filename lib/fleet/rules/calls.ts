import { parseSpiffeId } from '../../pki/index.js';
import { callMode, callText, carriesTls, parseCall, portNamed, protocolOf, serviceNamed } from '../calls.js';
import { list, nearest } from '../did-you-mean.js';
import { modeOf } from '../graph.js';
import type { Issue, Path } from '../issue.js';
import { show } from '../structure.js';
import type { Call, External, Fleet, Mode } from '../types.js';

/** Calls that name nothing, are written twice, or can't be guarded as declared. */
export function* checkCalls(fleet: Fleet): Iterable<Issue> {
  for (const [name, service] of Object.entries(fleet.services)) {
    yield* callList(fleet, `service "${name}"`, service.calls ?? [], ['services', name, 'calls'], undefined);
  }
  for (const [name, external] of Object.entries(fleet.externals ?? {})) {
    const path = ['externals', name];
    yield* callList(fleet, `external "${name}"`, external.calls ?? [], [...path, 'calls'], external);
    if (external.spiffeId !== undefined) {
      const id = parseSpiffeId(external.spiffeId);
      if ('problem' in id)
        yield {
          path: [...path, 'spiffeId'],
          message: `spiffeId is ${show(external.spiffeId)}: ${id.problem}`,
          notes: ['expected spiffe://<trust domain>/<path>'],
        };
    }
    if (external.calls === undefined && external.ports === undefined) {
      yield { path, atKey: true, message: `external "${name}" neither calls nor is called`, notes: ['write calls or ports, or remove it'] };
    }
  }
}

function* callList(fleet: Fleet, who: string, calls: readonly Call[], path: Path, external: External | undefined): Iterable<Issue> {
  const seen = new Set<string>();
  for (const [index, call] of calls.entries()) {
    const text = callText(call);
    const at = typeof call === 'string' ? [...path, index] : [...path, index, 'to'];
    if (seen.has(text)) yield { path: at, message: `${who} calls "${text}" twice`, notes: ['remove one of them'] };
    seen.add(text);
    yield* oneCall(fleet, who, call, at, external);
  }
}

function* oneCall(fleet: Fleet, who: string, call: Call, path: Path, external: External | undefined): Iterable<Issue> {
  const text = callText(call);
  const target = parseCall(text);
  if (target === undefined) {
    yield { path, message: `${who} calls ${show(text)}, which is not written service:port`, notes: [suggestPort(fleet, text)] };
    return;
  }
  if (target.name === '*') {
    if (external === undefined || target.port !== 'metrics')
      yield {
        path,
        message: `${who} calls ${show(text)}`,
        notes: ['"*" stands for every service only in an external\'s call to "*:metrics": name the service'],
      };
    else if (!Object.values(fleet.services).some(service => Object.values(service.ports ?? {}).some(port => port.protocol === 'metrics')))
      yield {
        path,
        message: `${who} calls "*:metrics", but no service has a port of protocol metrics`,
        notes: ['declare the metrics ports, or remove the call'],
      };
    return;
  }
  const service = serviceNamed(fleet, target.name);
  if (service === undefined) {
    yield* callToExternal(fleet, who, text, target, path, external);
    return;
  }
  const port = portNamed(service, target.port);
  if (port === undefined) {
    const names = Object.keys(service.ports ?? {});
    const guess = nearest(target.port, names) ?? (names.length === 1 ? names[0] : undefined);
    yield {
      path,
      message: `${who} calls "${text}", which has no such port`,
      notes: [
        `ports of ${target.name}: ${list(names)}`,
        guess === undefined ? 'name one of them, or declare the port' : `write "${target.name}:${guess}"`,
      ],
    };
    return;
  }
  if (protocolOf(port) === 'health')
    yield {
      path,
      message: `${who} calls "${text}", a health port`,
      notes: ['only the kubelet probes it: remove the call, or give the port another protocol'],
    };
  const mode: Mode = callMode(call) ?? service.mode ?? fleet.mode ?? 'strict';
  if (callMode(call) !== undefined && !carriesTls(port))
    yield { path, message: `call to "${text}" has a mode, but the port carries no TLS`, notes: ['remove the mode'] };
  if ((callMode(call) === 'permissive' || callMode(call) === 'disabled') && carriesTls(port) && port.plainPort === undefined) {
    yield {
      path,
      message: `call to "${text}" is ${mode}, but ${target.name} has no plainPort beside "${target.port}"`,
      notes: [`add plainPort to services.${target.name}.ports.${target.port}`],
    };
  }
  if (external !== undefined && external.spiffeId === undefined && carriesTls(port)) {
    const guarded = Object.entries(fleet.environments).find(([, env]) =>
      asksForCertificate(callMode(call) ?? modeOf(fleet, env, target.name, service)),
    );
    if (guarded !== undefined)
      yield {
        path,
        message: `${who} calls "${text}", which asks for a certificate in environment "${guarded[0]}", but has no spiffeId`,
        notes: ['write its spiffeId, or call a port without TLS'],
      };
  }
}

const asksForCertificate = (mode: Mode): boolean => mode === 'strict' || mode === 'audit';

function* callToExternal(
  fleet: Fleet,
  who: string,
  text: string,
  target: { name: string; port: string },
  path: Path,
  external: External | undefined,
): Iterable<Issue> {
  const externals = fleet.externals ?? {};
  const callee = Object.hasOwn(externals, target.name) ? externals[target.name] : undefined;
  if (callee === undefined || external !== undefined) {
    const names = [...Object.keys(fleet.services), ...(external === undefined ? Object.keys(externals) : [])];
    const guess = nearest(target.name, names);
    yield {
      path,
      message: `${who} calls "${text}", but there is no ${external === undefined ? 'service or external' : 'service'} "${target.name}"`,
      notes: [`declared: ${list(names)}`, guess === undefined ? `declare it, or remove the call` : `write "${guess}:${target.port}"`],
    };
    return;
  }
  const ports = Object.keys(callee.ports ?? {});
  if (!ports.includes(target.port)) {
    const guess = nearest(target.port, ports);
    yield {
      path,
      message: `${who} calls "${text}", which has no such port`,
      notes: [
        `ports of ${target.name}: ${list(ports)}`,
        guess === undefined ? `declare it under externals.${target.name}.ports` : `write "${target.name}:${guess}"`,
      ],
    };
  }
}

function suggestPort(fleet: Fleet, text: string): string {
  const names = Object.keys(serviceNamed(fleet, text)?.ports ?? {});
  return names.length > 0 ? `write "${text}:${names[0]}"` : 'write service:port, such as "control-api:https"';
}
