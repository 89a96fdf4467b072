export { Addresses, parseCidr } from './addresses.js';
export { type Connection, Network } from './network.js';
export type { OutsideConnection } from './outside.js';
export type { Direction, NetworkPolicy, NetworkProblem } from './policy.js';
export { isProtocol, Ports, PROTOCOLS, type Protocol } from './ports.js';
export { type Workload, workloadName } from './workloads.js';
