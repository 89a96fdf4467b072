import { isRecord, type KubernetesObject, valueAt } from '../../objects/index.js';
import { readCertificateRequest } from '../../pki/authority-request.js';
import type { Request } from './request-policy.js';

/** cert-manager names the requests of a Certificate `<certificate>-<revision>`. */
export const requestName = (certificate: string): string => `${certificate}-1`;

/**
 * The request that cert-manager makes of a Certificate.
 *
 * @throws IssuanceError for what its webhook refuses
 */
export function requestOf(certificate: KubernetesObject): Request {
  const { namespace, issuerRef, dnsNames, uris, ipAddresses, emailAddresses, commonName, usages, isCa, durationSeconds, key } =
    readCertificateRequest(certificate);
  return {
    name: requestName(certificate.metadata.name),
    namespace: namespace ?? 'default',
    issuerRef,
    names: { uris, dnsNames, ipAddresses, emailAddresses },
    commonName,
    subject: subjectOf(valueAt(certificate, ['spec', 'subject'])),
    usages,
    isCa,
    durationSeconds,
    key,
  };
}

function subjectOf(value: unknown): Readonly<Record<string, readonly string[]>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([field, content]): [string, string[]][] => {
      const texts = (Array.isArray(content) ? content : [content]).filter(text => typeof text === 'string');
      return texts.length === 0 ? [] : [[field, texts]];
    }),
  );
}
