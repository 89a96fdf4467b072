import type { KubernetesObject } from '../objects/index.js';
import type { EmbeddedAuthority } from './authority.js';

/** Texts of the files that a process finds in its certificate folder; `tls.key` is secret. */
export interface DevCertificates {
  /** The leaf and its intermediates, never the root. */
  readonly 'tls.crt': string;
  /** PKCS #8. */
  readonly 'tls.key': string;
  readonly 'ca.crt': string;
}

/** The certificate of one service for a developer's machine: its own names, and those of the loopback interface. */
export async function devCertificates(authority: EmbeddedAuthority, certificate: KubernetesObject): Promise<DevCertificates> {
  const credential = await authority.issue(certificate, { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1', '::1'] });
  return { 'tls.crt': credential.chain, 'tls.key': credential.privateKeyPem(), 'ca.crt': credential.root };
}
