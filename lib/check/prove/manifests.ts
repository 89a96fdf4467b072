import { FLEET_LABEL } from '../../fleet/names.js';
import type { Plan } from '../../fleet/plan.js';
import { type KubernetesObject, type ObjectSet, objectName, valueAt } from '../../objects/index.js';
import { checkCertificate, expectedCertificates, renderedCertificate } from './manifest-certificates.js';
import { findingAt, findingMissing, type ManifestFinding } from './manifest-finding.js';
import { checkPolicy } from './manifest-policies.js';
import { policyObjectOf } from './parties.js';

/**
 * Compares rendered Certificates, issuers and policies with the plan: a changed duration, an extra identity or
 * a listed stranger that nobody plays is noticed by no handshake. Findings come in the order of the plan.
 */
export function checkManifests(objects: ObjectSet, plan: Plan): readonly ManifestFinding[] {
  return [
    ...checkIssuer(objects, plan),
    ...expectedCertificates(plan).flatMap(expected => checkCertificate(objects, expected)),
    ...plan.services.flatMap(service => checkPolicy(objects, plan, service)),
    ...unexpectedCertificates(objects, plan),
    ...unexpectedPolicies(objects, plan),
    ...duplicates(objects),
  ];
}

function checkIssuer(objects: ObjectSet, plan: Plan): readonly ManifestFinding[] {
  const { authority } = plan;
  if (authority.kind === 'external') return [];
  const { kind, name, group } = authority.issuerRef;
  const issuer = objects.get(kind, authority.issuerNamespace, name, group);
  const layer = 'issuance';
  if (!issuer)
    return [findingMissing(`${kind} ${name}`, { code: 'issuer-missing', layer, expected: `an issuer of kind ${authority.kind}` })];
  if (authority.kind === 'vault') return [];
  const expected = authority.kind === 'existing' ? authority.secretName : (authority.intermediate ?? authority.root).secretName;
  const path = ['spec', 'ca', 'secretName'];
  const found = valueAt(issuer, path);
  if (found === expected) return [];
  return [findingAt(objects, issuer, { code: 'issuer-field', layer, path, found: String(found ?? 'unset'), expected })];
}

/** Certificates of this fleet, or signed by its authority, that the plan does not know. */
function unexpectedCertificates(objects: ObjectSet, plan: Plan): readonly ManifestFinding[] {
  const known = new Set(expectedCertificates(plan).map(expected => renderedCertificate(objects, expected)));
  const { name, kind, group } = plan.authority.issuerRef;
  return objects
    .ofKind('Certificate', 'cert-manager.io')
    .filter(object => !known.has(object))
    .filter(object => {
      const ref = valueAt(object, ['spec', 'issuerRef']);
      const signedHere =
        valueAt(ref, ['name']) === name &&
        (valueAt(ref, ['kind']) ?? 'Issuer') === kind &&
        (valueAt(ref, ['group']) ?? 'cert-manager.io') === group;
      return signedHere || belongsTo(object, plan);
    })
    .map(object =>
      findingAt(objects, object, { code: 'certificate-unexpected', layer: 'issuance', found: objectName(object), expected: 'nothing' }),
    );
}

function unexpectedPolicies(objects: ObjectSet, plan: Plan): readonly ManifestFinding[] {
  const known = new Set(plan.services.map(service => policyObjectOf(objects, service)));
  return objects
    .ofKind('ConfigMap', '')
    .filter(object => !known.has(object) && belongsTo(object, plan) && valueAt(object, ['data', 'policy.json']) !== undefined)
    .map(object =>
      findingAt(objects, object, { code: 'policy-unexpected', layer: 'identity', found: objectName(object), expected: 'nothing' }),
    );
}

const belongsTo = (object: KubernetesObject, plan: Plan): boolean => object.metadata.labels?.[FLEET_LABEL] === plan.fleet;

/** Two Certificates that write one Secret overwrite each other for ever; two with one SPIFFE ID are one identity. */
function duplicates(objects: ObjectSet): readonly ManifestFinding[] {
  const bySecret = new Map<string, KubernetesObject[]>();
  const byIdentity = new Map<string, KubernetesObject[]>();
  for (const object of objects.ofKind('Certificate', 'cert-manager.io')) {
    const secretName = valueAt(object, ['spec', 'secretName']);
    if (typeof secretName === 'string') add(bySecret, `${object.metadata.namespace ?? ''}/${secretName}`, object);
    const uris = valueAt(object, ['spec', 'uris']);
    for (const uri of new Set<unknown>(Array.isArray(uris) ? uris : []))
      if (typeof uri === 'string' && uri.startsWith('spiffe:')) add(byIdentity, uri, object);
  }
  const found = (
    map: ReadonlyMap<string, KubernetesObject[]>,
    code: 'secret-name-duplicate' | 'spiffe-id-duplicate',
    field: string,
    what: string,
  ) =>
    [...map].flatMap(([value, [first, ...others]]) =>
      others.map(object =>
        findingAt(objects, object, {
          code,
          layer: code === 'spiffe-id-duplicate' ? 'identity' : 'issuance',
          path: ['spec', field],
          found: `${what} ${value}, which ${first ? objectName(first) : 'another'} has too`,
          expected: `${what} of its own`,
        }),
      ),
    );
  return [
    ...found(bySecret, 'secret-name-duplicate', 'secretName', 'Secret'),
    ...found(byIdentity, 'spiffe-id-duplicate', 'uris', 'SPIFFE ID'),
  ];
}

function add(map: Map<string, KubernetesObject[]>, key: string, object: KubernetesObject): void {
  const list = map.get(key);
  if (list) list.push(object);
  else map.set(key, [object]);
}
