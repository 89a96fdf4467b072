import { Construct } from 'constructs';
import type { IssuerRef } from '../fleet/plan.js';
import type { NonEmpty, Subject, Usage } from '../fleet/types.js';
import { canonicalDuration } from '../pki/index.js';
import { Manifest } from './manifest.js';

/** Part of `spec.selector.issuerRef`; a part that is left out matches every value. */
export type IssuerSelector = Partial<IssuerRef>;

export interface RequestPolicyProps {
  /** Name of the cluster-scoped policy. */
  readonly name: string;
  readonly issuer: IssuerSelector;
  /** Namespaces of the requests. @default every namespace */
  readonly namespaces?: NonEmpty<string> | undefined;
  /** `spec.allowed`: what is left out must be empty in the request. */
  readonly allowed: Readonly<Record<string, unknown>>;
  /** `spec.constraints`. @default none */
  readonly constraints?: Readonly<Record<string, unknown>> | undefined;
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/** One policy.cert-manager.io/v1alpha1 CertificateRequestPolicy. It approves nothing until somebody may `use` it. */
export class RequestPolicy extends Construct {
  readonly policyName: string;

  constructor(scope: Construct, id: string, props: RequestPolicyProps) {
    super(scope, id);
    this.policyName = props.name;
    new Manifest(this, 'policy', {
      apiVersion: 'policy.cert-manager.io/v1alpha1',
      kind: 'CertificateRequestPolicy',
      metadata: { name: props.name, labels: { ...props.labels } },
      spec: {
        allowed: props.allowed,
        ...(props.constraints && { constraints: props.constraints }),
        selector: {
          issuerRef: { ...props.issuer },
          ...(props.namespaces && { namespace: { matchNames: props.namespaces } }),
        },
      },
    });
  }
}

/** A rule in CEL over one value (`self`) and the request (`cr.name`, `cr.namespace`). */
export interface Validation {
  readonly rule: string;
  readonly message: string;
}

/**
 * Ties an identity to the one Certificate that the fleet made for it: cert-manager names the requests of a
 * Certificate `<certificate>-<revision>`, so a second Certificate with the same names is refused.
 */
export function onlyFrom(certificate: string): Validation {
  return {
    rule: `cr.name.matches('^${certificate.replaceAll('.', '[.]')}-[0-9]+$')`,
    message: `only Certificate ${certificate} may have this name`,
  };
}

/** Exactly these values; a `*` in one of them is a character of the name, not a pattern. */
export function oneOf(values: readonly string[], ...validations: readonly Validation[]): Record<string, unknown> {
  const literal = values.some(value => value.includes('*'))
    ? [{ rule: `self in [${values.map(celString).join(', ')}]`, message: 'not one of the declared names' }]
    : [];
  const rules = [...validations, ...literal];
  return { required: true, values, ...(rules.length > 0 && { validations: rules }) };
}

export function exactly(value: string, ...validations: readonly Validation[]): Record<string, unknown> {
  return { required: true, value, ...(validations.length > 0 && { validations }) };
}

/** `spec.allowed.subject` for a declared subject. */
export function allowedSubject(subject: Subject): Record<string, unknown> {
  const { serialNumber, ...lists } = subject;
  const allowed: Record<string, unknown> = {};
  for (const [field, values] of Object.entries(lists)) if (values && values.length > 0) allowed[field] = oneOf(values);
  if (serialNumber !== undefined) allowed.serialNumber = exactly(serialNumber);
  return allowed;
}

/** Lifetime and key of a request, neither more nor less than declared. */
export function exactConstraints(
  durationSeconds: number,
  key: { readonly algorithm: string; readonly size: number | undefined },
): Record<string, unknown> {
  const duration = canonicalDuration(durationSeconds);
  return {
    minDuration: duration,
    maxDuration: duration,
    privateKey: { algorithm: key.algorithm, ...(key.size !== undefined && { minSize: key.size, maxSize: key.size }) },
  };
}

const EVERY_USAGE: readonly Usage[] = [
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
];

/** Whatever a request asks for, as far as the policy's language can say so (not otherNames, which are listed by OID). */
export function anything(...validations: readonly Validation[]): Record<string, unknown> {
  const rules = validations.length > 0 ? { validations } : {};
  const value = { value: '*', ...rules };
  const values = { values: ['*'], ...rules };
  return {
    commonName: value,
    dnsNames: values,
    emailAddresses: values,
    ipAddresses: values,
    isCA: true,
    subject: {
      countries: values,
      localities: values,
      organizationalUnits: values,
      organizations: values,
      postalCodes: values,
      provinces: values,
      serialNumber: value,
      streetAddresses: values,
    },
    uris: values,
    usages: EVERY_USAGE,
  };
}

/** A CEL string literal; names hold no control characters. */
export function celString(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
