import { proveRelations } from '../../../lib/check/relations';
import { verifyWith } from '../../../lib/check/verify';
import { type Plan, resolve } from '../../../lib/fleet';
import { loadFleet, parseFleet } from '../../../lib/fleet/load';
import type { ObjectSet } from '../../../lib/objects';
import { renderPlan } from '../../../lib/render/manifests/objects';
import { type FleetReport, fleetReport } from '../../../lib/report';

/** The report of a plan as it is rendered, or of other objects. */
export function reportOf(plan: Plan, objects: ObjectSet = renderPlan(plan).objects): FleetReport {
  const subject = { objects, plan };
  const proof = proveRelations(subject);
  return fleetReport({ ...subject, proof, findings: verifyWith(subject, proof), source: 'the test', version: '0' });
}

export const planOfText = (text: string, environment = 'dev'): Plan => resolve(parseFleet(text, 'fleet.yaml'), environment);

export const planOfFile = (path: string, environment = 'dev'): Plan => resolve(loadFleet(path), environment);

/** A ring of services, each of which calls the next, and some call one more. */
export function ring(services: number): Plan {
  const name = (index: number): string => `service-${index % services}`;
  const texts = Array.from(
    { length: services },
    (_, index) =>
      `  ${name(index)}: { image: "a:1", ports: { https: { port: 8443, protocol: https } }, calls: ["${name(index + 1)}:https"${index % 3 === 1 ? `, "${name(index + 7)}:https"` : ''}] }`,
  );
  return planOfText(
    `fleet: ring\nnamespace: ring\ntrustDomain: ring.example\nenvironments: { dev: { authority: { selfSigned: {} } } }\nservices:\n${texts.join('\n')}\n`,
  );
}
