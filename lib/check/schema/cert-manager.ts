import { checkCertificate } from './certificate-rules.js';
import { Field } from './field.js';
import { checkIssuer } from './issuer-rules.js';
import type { SchemaProblem } from './problem.js';
import { checkAdditions, NEWEST_CERT_MANAGER } from './versions.js';

/**
 * What the validating webhook of cert-manager refuses and the CRD does not say
 * (internal/apis/certmanager/validation of cert-manager v1.21.2, with its default feature gates), or of an older
 * minor version: `minor` is 20 for 1.20.
 */
export function admissionProblems(apiVersion: string, kind: string, object: object, minor = NEWEST_CERT_MANAGER): SchemaProblem[] {
  const problems: SchemaProblem[] = [];
  if (apiVersion !== 'cert-manager.io/v1') return problems;
  const spec = Field.root(kind, object, problems).at('spec');
  if (!spec.isSet) return problems;
  if (kind === 'Certificate') checkCertificate(spec);
  if (kind === 'Issuer' || kind === 'ClusterIssuer') checkIssuer(spec, minor);
  if (kind === 'Certificate' || kind === 'Issuer' || kind === 'ClusterIssuer') checkAdditions(kind, spec, minor);
  return problems;
}
