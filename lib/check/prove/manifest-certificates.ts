import type { CaCertificatePlan, CertificatePlan, IssuerRef, KeyPlan, Plan, ServicePlan } from '../../fleet/plan.js';
import { type FieldPath, type KubernetesObject, type ObjectSet, valueAt } from '../../objects/index.js';
import { canonicalDuration, parseDuration } from '../../pki/index.js';
import { type Difference, findingAt, findingMissing, type ManifestFinding, valueText } from './manifest-finding.js';

/** A Certificate that the plan asks for, and what its fields must say. */
export interface ExpectedCertificate {
  readonly service: string | undefined;
  readonly namespace: string;
  readonly name: string;
  readonly fields: readonly ExpectedField[];
}

interface ExpectedField {
  readonly path: FieldPath;
  readonly layer: ManifestFinding['layer'];
  readonly expected: string;
  /** What the field means when it is written so, cert-manager's default included. */
  readonly read: (value: unknown) => string;
}

/** Every Certificate of the plan: services, their public ones, and certificate authorities. */
export function expectedCertificates(plan: Plan): readonly ExpectedCertificate[] {
  const { authority } = plan;
  const authorities = authority.kind === 'selfSigned' ? [authority.root, ...(authority.intermediate ? [authority.intermediate] : [])] : [];
  return [
    ...authorities.map(certificate => ({
      service: undefined,
      namespace: certificate.namespace,
      name: certificate.name,
      fields: authorityFields(certificate),
    })),
    ...plan.services.flatMap(service => [
      {
        service: service.name,
        namespace: service.namespace,
        name: service.certificate.secretName,
        fields: leafFields(service.certificate, authority.issuerRef),
      },
      ...publicCertificate(plan, service),
    ]),
  ];
}

/** The rendered Certificate by its name, else by the Secret that it writes. */
export function renderedCertificate(objects: ObjectSet, { namespace, name }: ExpectedCertificate): KubernetesObject | undefined {
  const named = objects.get('Certificate', namespace, name, 'cert-manager.io');
  if (named) return named;
  const writes = (object: KubernetesObject): boolean =>
    object.metadata.namespace === namespace && valueAt(object, ['spec', 'secretName']) === name;
  return objects.ofKind('Certificate', 'cert-manager.io').find(writes);
}

/** Compares one Certificate with the plan, field by field. */
export function checkCertificate(objects: ObjectSet, expected: ExpectedCertificate): readonly ManifestFinding[] {
  const { service } = expected;
  const object = renderedCertificate(objects, expected);
  if (!object) {
    const difference = {
      code: 'certificate-missing',
      layer: 'issuance',
      service,
      expected: `a Certificate that writes Secret ${expected.name}`,
    } as const;
    return [findingMissing(`Certificate ${expected.namespace}/${expected.name}`, difference)];
  }
  return expected.fields.flatMap(field => {
    const found = field.read(valueAt(object, field.path));
    if (found === field.expected) return [];
    const difference: Difference = {
      code: 'certificate-field',
      layer: field.layer,
      service,
      path: field.path,
      found,
      expected: field.expected,
    };
    return [findingAt(objects, object, difference)];
  });
}

function leafFields(certificate: CertificatePlan, issuerRef: IssuerRef): readonly ExpectedField[] {
  return [
    field('secretName', certificate.secretName),
    durationField('duration', certificate.durationSeconds, DEFAULT_DURATION),
    durationField('renewBefore', certificate.renewBeforeSeconds),
    field('renewBeforePercentage', certificate.renewBeforePercentage),
    listField('usages', certificate.usages),
    issuerField(issuerRef),
    listField('dnsNames', certificate.dnsNames, 'identity'),
    listField('uris', certificate.uris, 'identity'),
    listField('ipAddresses', certificate.ipAddresses, 'identity'),
    listField('emailAddresses', [], 'identity'),
    field('commonName', certificate.commonName, 'identity'),
    field('literalSubject', undefined, 'identity'),
    field('otherNames', undefined, 'identity'),
    field('subject', certificate.subject, 'identity'),
    caField(false),
    ...keyFields(certificate.key),
  ];
}

function authorityFields(certificate: CaCertificatePlan): readonly ExpectedField[] {
  return [
    field('secretName', certificate.secretName),
    durationField('duration', certificate.durationSeconds, DEFAULT_DURATION),
    durationField('renewBefore', certificate.renewBeforeSeconds),
    issuerField(certificate.issuerRef),
    field('commonName', certificate.commonName),
    caField(true),
    ...keyFields(certificate.key),
  ];
}

function publicCertificate(plan: Plan, service: ServicePlan): readonly ExpectedCertificate[] {
  const { publicCertificate: certificate } = service;
  if (!certificate || !plan.publicAuthority) return [];
  const fields = [
    field('secretName', certificate.secretName),
    listField('dnsNames', certificate.dnsNames, 'identity'),
    listField('usages', certificate.usages),
    issuerField(plan.publicAuthority.issuerRef),
    caField(false),
  ];
  return [{ service: service.name, namespace: service.namespace, name: certificate.secretName, fields }];
}

/** cert-manager's own, where `duration` is left out. */
const DEFAULT_DURATION = '2160h0m0s';

type Layer = ManifestFinding['layer'];

const field = (name: string, expected: unknown, layer: Layer = 'issuance'): ExpectedField => ({
  path: ['spec', name],
  layer,
  expected: valueText(expected),
  read: valueText,
});

const listField = (name: string, expected: readonly string[], layer: Layer = 'issuance'): ExpectedField => ({
  ...field(name, expected, layer),
  read: value => valueText(value ?? []),
});

const durationField = (name: string, seconds: number | undefined, absent = 'unset'): ExpectedField => ({
  ...field(name, seconds === undefined ? undefined : canonicalDuration(seconds)),
  read: value => {
    if (value === undefined) return absent;
    const parsed = typeof value === 'string' ? parseDuration(value) : undefined;
    return parsed === undefined ? valueText(value) : canonicalDuration(parsed);
  },
});

const caField = (expected: boolean): ExpectedField => ({ ...field('isCA', String(expected)), read: value => String(value ?? false) });

function issuerField(ref: IssuerRef): ExpectedField {
  const text = (name: unknown, kind: unknown, group: unknown): string => `${kind ?? 'Issuer'} ${name} of ${group ?? 'cert-manager.io'}`;
  return {
    ...field('issuerRef', text(ref.name, ref.kind, ref.group)),
    read: value => text(valueAt(value, ['name']), valueAt(value, ['kind']), valueAt(value, ['group'])),
  };
}

function keyFields(key: KeyPlan): readonly ExpectedField[] {
  const keyField = (name: string, expected: unknown, absent: string): ExpectedField => ({
    path: ['spec', 'privateKey', name],
    layer: 'issuance',
    expected: String(expected),
    read: value => String(value ?? absent),
  });
  const algorithm = keyField('algorithm', key.algorithm, 'RSA');
  const rotation = keyField('rotationPolicy', key.rotationPolicy, 'unset');
  // an Ed25519 key has one size and is always PKCS #8, whatever is written
  if (key.algorithm === 'Ed25519') return [algorithm, rotation];
  return [
    algorithm,
    keyField('size', key.size, key.algorithm === 'RSA' ? '2048' : '256'),
    keyField('encoding', key.encoding, 'PKCS1'),
    rotation,
  ];
}
