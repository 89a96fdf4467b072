import { addEnvironment } from '../../../lib/constructs/index.js';
import { type Fleet, parseFleet, resolve } from '../../../lib/fleet/index.js';
import { FleetApp, renderFleet, textOf, ValidationError } from '../../../lib/render/manifests/index.js';

// 120: three parts of a plane
const SERVICES = 120;

/** A ring of services, every tenth deployed by somebody else; `extra` are lines of the services with these numbers. */
function fleetOf(extra: Readonly<Record<number, string>> = {}): Fleet {
  const name = (index: number): string => `service-${String(index % SERVICES).padStart(3, '0')}`;
  const services = Array.from({ length: SERVICES }, (_, index) => {
    const workload =
      index % 10 === 0
        ? 'existing: { kind: Deployment, selector: { app: "x%" } }'.replace('%', String(index))
        : 'image: registry.example/a:1';
    return `  ${name(index)}:
    ${workload}
    ports: { https: { port: 8443, protocol: https } }
    calls: ["${name(index + 1)}:https"]
${extra[index] ?? ''}`;
  });
  const text = `fleet: ring
namespace: ring
trustDomain: ring.internal
environments:
  dev: { authority: { selfSigned: {} } }
  prod: { authority: { selfSigned: {} }, issuance: true }
services:
${services.join('')}`;
  return parseFleet(text, 'fleet.yaml');
}

function inOnePiece(fleet: Fleet, environment: string): Map<string, string> {
  const app = new FleetApp();
  addEnvironment(app, resolve(fleet, environment));
  return new Map([...app.render()].map(file => [file.path, textOf(file)]));
}

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof ValidationError) return error.problems;
    throw error;
  }
  return [];
}

test('planes that are made in parts have the bytes of planes in one piece', () => {
  const fleet = fleetOf();
  const files = new Map<string, string>();
  for (const file of renderFleet(fleet, ['dev', 'prod'])) files.set(file.path, textOf(file));
  const expected = new Map([...inOnePiece(fleet, 'dev'), ...inOnePiece(fleet, 'prod')]);
  expect([...files.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [path, text] of expected) expect(files.get(path)).toBe(text);
  expect(files.get('prod/workload.yaml')?.match(/^kind: Deployment$/gm)).toHaveLength(108);
  expect(files.get('prod/network.yaml')?.match(/^---$/gm)).toHaveLength(SERVICES);
});

test('files may be read after all of them were asked for', () => {
  const fleet = fleetOf();
  const texts = [...renderFleet(fleet, ['prod'])].map(file => [file.path, textOf(file)] as const);
  expect(new Map(texts)).toEqual(inOnePiece(fleet, 'prod'));
});

test('what does not fit its schema is reported for all parts at once, as for one piece', () => {
  const wrong = '    securityContext: { runAsUserr: 1 }\n';
  const fleet = fleetOf({ 1: wrong, 2: wrong, 119: wrong });
  const problems = problemsOf(() => {
    for (const { chunks } of renderFleet(fleet, ['prod'])) for (const _ of chunks);
  });
  expect(problems).toHaveLength(3);
  expect(problems).toEqual(problemsOf(() => inOnePiece(fleet, 'prod')));
  expect(problems[2]).toContain('[prod/workload/workload/service-119/workload]');
});
