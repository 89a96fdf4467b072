import type { Certificate } from './certificate.js';

/**
 * Whether a path of issuers leads from a certificate to a self-signed one of the trust set, by names and signatures.
 * Certificates of the trust set that are not self-signed only help, as in OpenSSL. Times and purposes are TLS's matter.
 */
export function chainsTo(leaf: Certificate, intermediates: readonly Certificate[], roots: readonly Certificate[]): boolean {
  const seen = new Set<string>();
  let edge: readonly Certificate[] = [leaf];
  while (edge.length > 0) {
    if (edge.some(link => roots.some(root => root.isSelfSigned && (root.sha256 === link.sha256 || link.isIssuedBy(root))))) return true;
    for (const { sha256 } of edge) seen.add(sha256);
    const links = edge;
    edge = [...intermediates, ...roots].filter(next => !seen.has(next.sha256) && links.some(link => link.isIssuedBy(next)));
  }
  return false;
}
