import type { Call, Fleet, Mode, Port, PortProtocol, Service } from './types.js';

/** Protocols whose ports carry mutual TLS unless their mode is `disabled`. */
const TLS_PROTOCOLS: ReadonlySet<PortProtocol> = new Set(['https', 'grpc', 'tcp']);

export const protocolOf = (port: Port): PortProtocol => port.protocol ?? 'tcp';
export const carriesTls = (port: Port): boolean => TLS_PROTOCOLS.has(protocolOf(port));
export const targetPortOf = (port: Port): number => port.targetPort ?? port.port;
export const transportOf = (port: Port): 'TCP' | 'UDP' => (protocolOf(port) === 'udp' ? 'UDP' : 'TCP');

export const callText = (call: Call): string => (typeof call === 'string' ? call : call.to);
export const callMode = (call: Call): Mode | undefined => (typeof call === 'string' ? undefined : call.mode);

export interface CallTarget {
  readonly name: string;
  readonly port: string;
}

/** Splits `service:port`; undefined when it is not written so. */
export function parseCall(text: string): CallTarget | undefined {
  const colon = text.indexOf(':');
  return colon > 0 && colon < text.length - 1 && !text.includes(':', colon + 1)
    ? { name: text.slice(0, colon), port: text.slice(colon + 1) }
    : undefined;
}

/** Own keys only: a call to "constructor:name" must not find Object.prototype. */
export const serviceNamed = (fleet: Fleet, name: string): Service | undefined =>
  Object.hasOwn(fleet.services, name) ? fleet.services[name] : undefined;

export const portNamed = (service: Pick<Service, 'ports'>, name: string): Port | undefined =>
  service.ports !== undefined && Object.hasOwn(service.ports, name) ? service.ports[name] : undefined;

/** Ports of a service that share a container port with the given one: whoever may call one reaches all of them. */
export function portsBehind(service: Service, portName: string): string[] {
  const port = portNamed(service, portName);
  if (port === undefined) return [];
  const behind: string[] = [];
  for (const name in service.ports) {
    const other = service.ports[name];
    if (other !== undefined && targetPortOf(other) === targetPortOf(port) && transportOf(other) === transportOf(port)) behind.push(name);
  }
  return behind;
}
