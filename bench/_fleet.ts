import { writeFileSync } from 'node:fs';

/** A reproducible random number in [0, 1): mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const head = (environment: string): string => `fleet: bench
namespace: bench-system
trustDomain: bench.internal
environments:
  prod: { authority: { selfSigned: {} }${environment === '' ? '' : `, ${environment}`} }
services:
`;

/** Writes a fleet whose services each call the next one (a ring, so that everybody is called) and two at random; `environment` is more of prod. */
export function writeFleet(path: string, services: number, seed = 1, environment = ''): void {
  const random = randomOf(seed);
  const nameOf = (index: number): string => `service-${String(index % services).padStart(5, '0')}`;
  let text = head(environment);
  for (let index = 0; index < services; index++) {
    const callees = new Set([1, 1 + Math.floor(random() * (services - 1)), 1 + Math.floor(random() * (services - 1))]);
    text += `  ${nameOf(index)}:
    image: registry.example/${nameOf(index)}:1.0.0
    ports:
      https: { port: 8443, protocol: https }
      health: { port: 8080, protocol: health }
    calls: [${[...callees].map(step => `"${nameOf(index + step)}:https"`).join(', ')}]
`;
  }
  writeFileSync(path, text);
}
