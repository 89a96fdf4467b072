import { isIP } from 'node:net';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** RFC 1123 label, as Kubernetes wants it for names of namespaces and most objects. */
export const isDnsLabel = (text: string): boolean => DNS_LABEL.test(text);

/** RFC 1035 label, as Kubernetes wants it for Services: like the above, but starting with a letter. */
export const isServiceName = (text: string): boolean => isDnsLabel(text) && /^[a-z]/.test(text);

/** RFC 1123 subdomain: labels joined by dots, at most 253 bytes. */
export const isDnsSubdomain = (text: string): boolean => text.length <= 253 && text.split('.').every(isDnsLabel);

/** A DNS name that may stand in a certificate: a subdomain, optionally with one wildcard as its whole left-most label. */
export function dnsNameProblem(text: string): string | undefined {
  if (isIP(text)) return 'is an IP address: write it under ipAddresses';
  if (text !== text.toLowerCase()) return 'has upper-case letters';
  if (text.endsWith('.')) return 'ends with a dot';
  const rest = text.startsWith('*.') ? text.slice(2) : text;
  if (rest.includes('*')) return 'has a wildcard elsewhere than as its whole left-most label';
  if (text.startsWith('*.') && !rest.includes('.')) return 'has a wildcard over a whole top-level domain';
  return isDnsSubdomain(rest) ? undefined : 'is no DNS name';
}

/** Suffixes that no public authority may sign (RFC 6762, RFC 8375, ICANN's .internal, Kubernetes' own). */
const INTERNAL_SUFFIXES = ['.local', '.internal', '.svc', '.lan', '.home.arpa', '.localhost', '.test', '.invalid', '.example', '.cluster'];

/** Whether a name can be proved to a public certificate authority. */
export function isPublicDnsName(text: string, clusterDomain: string): boolean {
  const name = text.replace(/^\*\./, '');
  if (!name.includes('.') || name === clusterDomain || name.endsWith(`.${clusterDomain}`)) return false;
  return !INTERNAL_SUFFIXES.some(suffix => name.endsWith(suffix));
}
