import { type Fleet, type Issue, locatePaths } from '../../fleet/index.js';
import { type FieldPath, type KubernetesObject, type Place, valueAt } from '../../objects/index.js';

type Origin = (object: KubernetesObject, path: FieldPath, file: string) => Place | undefined;

/** Which field of a fleet decides a field of a rendered object: the last two keys of its path, or its first below `spec`. */
const DECIDED_BY: Readonly<Record<string, readonly FieldPath[]>> = {
  Certificate: [
    ['certificate', 'duration'],
    ['certificate', 'renewBefore'],
    ['certificate', 'renewBeforePercentage'],
    ['certificate', 'usages'],
    ['certificate', 'dnsNames'],
    ['certificate', 'uris'],
    ['certificate', 'commonName'],
    ['certificate', 'subject'],
    ['certificate', 'key'],
  ],
  NetworkPolicy: [['calls'], ['ports']],
  Deployment: [['image'], ['ports'], ['env']],
  StatefulSet: [['image'], ['ports'], ['env']],
  DaemonSet: [['image'], ['ports'], ['env']],
  Service: [['ports']],
};
const FIELD_NAMES: Readonly<Record<string, string>> = { privateKey: 'key', ingress: 'calls', egress: 'calls', containers: 'image' };

/**
 * Where a fleet file says what a rendered object is. An object is known by the labels that `synth` gives it, its
 * environment by its folder.
 */
export function fleetOrigin(fleet: Fleet, text: string, source: string): Origin {
  const cache = new Map<string, Place | undefined>();
  return (object, path, file) => {
    const labels = object.metadata.labels ?? {};
    if (labels['sentinel-mtls.io/fleet'] !== fleet.fleet) return undefined;
    const service = labels['app.kubernetes.io/name'] ?? '';
    const environment = file.split('/').find(part => Object.hasOwn(fleet.environments, part));
    const candidates = candidatesOf(fleet, object.kind, service, environment, path);
    const found = candidates.find(candidate => valueAt(fleet, candidate) !== undefined);
    if (!found) return undefined;
    const key = found.join('\u0000');
    if (!cache.has(key)) cache.set(key, placeOf(text, source, found));
    return cache.get(key);
  };
}

function candidatesOf(fleet: Fleet, kind: string, service: string, environment: string | undefined, path: FieldPath): FieldPath[] {
  const isService = Object.hasOwn(fleet.services, service);
  const names = path.map(part => FIELD_NAMES[String(part)] ?? String(part));
  const decided = (DECIDED_BY[kind] ?? []).find(field => names.includes(String(field.at(-1))));
  const homes: FieldPath[] = isService ? [['services', service]] : [];
  const overridden: FieldPath[] = environment === undefined ? [] : homes.map(home => ['environments', environment, ...home]);
  const fields = decided ? [...overridden, ...homes].map(home => [...home, ...decided]) : [];
  const defaults: FieldPath[] = decided?.[0] === 'certificate' ? [['certificates', ...decided.slice(1)]] : [];
  const authority: FieldPath[] =
    environment === undefined || isService
      ? []
      : [
          ['environments', environment, 'authority'],
          ['environments', environment],
        ];
  return [...fields, ...defaults, ...overridden, ...homes, ...authority, ['fleet']];
}

function placeOf(text: string, source: string, path: FieldPath): Place | undefined {
  const issue: Issue = { path, atKey: true, message: '', notes: [] };
  const [position] = locatePaths(text, [issue]);
  return position && { file: source, line: position.line, column: position.column, endColumn: position.column };
}
