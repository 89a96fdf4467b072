import 'reflect-metadata';
import type { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** Extensions that node:crypto does not show. */
export interface SigningRights {
  /** Basic constraints; node:crypto's `ca` looks at the key usage too. */
  readonly isAuthority: boolean;
  /** Undefined: no key usage is set, which allows all. */
  readonly certSign: boolean | undefined;
  /** Authorities that may stand between it and a leaf; undefined: any number. */
  readonly pathLength: number | undefined;
}

export function signingRights({ raw }: X509Certificate): SigningRights {
  const certificate = new x509.X509Certificate(raw);
  const usages = certificate.getExtension(x509.KeyUsagesExtension)?.usages;
  const constraints = certificate.getExtension(x509.BasicConstraintsExtension);
  return {
    isAuthority: constraints?.ca === true,
    certSign: usages === undefined ? undefined : (usages & x509.KeyUsageFlags.keyCertSign) !== 0,
    pathLength: constraints?.pathLength,
  };
}
