import type { Field } from './field.js';

/** Minor versions of cert-manager that are told apart: 18 for 1.18. */
export const OLDEST_CERT_MANAGER = 18;
export const NEWEST_CERT_MANAGER = 21;

interface Addition {
  /** Keys below `spec`; `*` for every item of a list. */
  readonly path: readonly string[];
  /** Only this value is new. */
  readonly value?: string;
  readonly since: number;
}

/** What each minor version added to the CRDs, read off those of v1.18.6, v1.19.5, v1.20.3 and v1.21.2. */
const CERTIFICATE: readonly Addition[] = [
  { path: ['renewal'], since: 21 },
  { path: ['keystores', 'pkcs12', 'profile'], value: 'Modern2026', since: 21 },
  // in the CRD before, but its feature gate was off by default
  { path: ['otherNames'], since: 20 },
];
const ISSUER: readonly Addition[] = [
  { path: ['acme', 'solvers', '*', 'dns01', 'rfc2136', 'protocol'], since: 19 },
  { path: ['acme', 'solvers', '*', 'dns01', 'azureDNS', 'zoneType'], since: 20 },
  { path: ['acme', 'solvers', '*', 'waitInsteadOfSelfCheck'], since: 21 },
  { path: ['vault', 'auth', 'aws'], since: 21 },
  { path: ['venafi', 'ngts'], since: 21 },
];

/** Fields of `spec` that this minor version of cert-manager does not know yet. */
export function checkAdditions(kind: string, spec: Field, minor: number): void {
  for (const { path, value, since } of kind === 'Certificate' ? CERTIFICATE : ISSUER) {
    if (minor >= since) continue;
    for (const field of fieldsAt(spec, path))
      if (field.isSet && (value === undefined || field.text === value))
        field.report(
          'unknownField',
          value === undefined ? `"${path.at(-1)}" needs cert-manager 1.${since}` : `"${value}" needs cert-manager 1.${since}`,
          `nothing of it in 1.${minor}`,
        );
  }
}

function fieldsAt(field: Field, [key, ...rest]: readonly string[]): Field[] {
  if (key === undefined) return [field];
  const next = key === '*' ? field.items : [field.at(key)];
  return next.filter(({ isSet }) => isSet).flatMap(inner => fieldsAt(inner, rest));
}
