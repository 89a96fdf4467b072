import { proveRelations, type RelationProof } from '../../../lib/check/relations';
import { type Plan, resolve } from '../../../lib/fleet';
import { parseFleet } from '../../../lib/fleet/load';
import { type KubernetesObject, ObjectSet, parseObjects } from '../../../lib/objects';
import { renderObjects } from '../../../lib/render/manifests/objects';

/** Three services in one namespace, an external and request policies: web → orders → ledger. */
const FLEET = `
fleet: shop
namespace: shop
trustDomain: shop.example
environments:
  prod:
    authority: { selfSigned: {} }
    issuance: { otherIssuers: [{ name: letsencrypt, kind: ClusterIssuer }] }
services:
  web:
    image: example.com/web:1
    ports: { https: { port: 443, targetPort: 8443, protocol: https } }
    calls: [orders:https]
  orders:
    image: example.com/orders:1
    ports: { https: { port: 8443, protocol: https }, metrics: { port: 9090, protocol: metrics } }
    calls: [ledger:grpc, bank:https]
  ledger:
    image: example.com/ledger:1
    ports: { grpc: { port: 50051, protocol: grpc } }
externals:
  prometheus:
    at: { namespace: monitoring, labels: { app: prometheus } }
    calls: ["*:metrics"]
  bank:
    at: { cidrs: [203.0.113.0/24] }
    ports: { https: { port: 443 } }
`;

export const shopPlan = (): Plan => resolve(parseFleet(FLEET, 'fleet.yaml'), 'prod');

// biome-ignore lint/suspicious/noExplicitAny: mutations of a test reach anywhere into an object
export type Mutable = any;

/** The rendered objects, changed in place, and what else lies in the folder. */
export function proofOf(change: (named: (kind: string, name: string) => Mutable) => void = () => {}, foreign = ''): RelationProof {
  const plan = shopPlan();
  const objects = structuredClone([...renderObjects(plan)]) as KubernetesObject[];
  change((kind, name) => {
    const found = objects.find(object => object.kind === kind && object.metadata.name === name);
    if (!found) throw new Error(`nothing rendered is ${kind} ${name}`);
    return found;
  });
  const entries = ObjectSet.from(objects, 'rendered.yaml').entries();
  return proveRelations({ objects: new ObjectSet([...entries, ...parseObjects(foreign, 'foreign.yaml')]), plan });
}

export const texts = ({ differences }: RelationProof): string[] => differences.map(({ text }) => text);
