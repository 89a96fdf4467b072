import { generateKeyPair, type KeyObject, webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { Slots } from './authority-slots.js';
import type { KeyAlgorithm } from './usage.js';

/** Algorithm and size of a key; no size for Ed25519. */
export interface KeySpec {
  readonly algorithm: KeyAlgorithm;
  readonly size: number | undefined;
}

/** For keys that stand in for one that the manifests do not describe, and for certificates that must be refused. */
export const FAST_KEY: KeySpec = { algorithm: 'ECDSA', size: 256 };

const generate = promisify(generateKeyPair);

/** 3 of libuv's 4 threads: one stays free for signatures while RSA keys are made. */
const generations = new Slots(3);

/** Makes a private key off the main thread. */
export function generatePrivateKey(spec: KeySpec): Promise<KeyObject> {
  return generations.run(async () => {
    switch (spec.algorithm) {
      case 'RSA':
        return (await generate('rsa', { modulusLength: spec.size ?? 2048 })).privateKey;
      case 'ECDSA':
        return (await generate('ec', { namedCurve: curveOf(spec) })).privateKey;
      case 'Ed25519':
        return (await generate('ed25519', {})).privateKey;
      default:
        return spec.algorithm satisfies never;
    }
  });
}

/** The key as WebCrypto signs with it; it can't be exported again. */
export async function importSigningKey(key: KeyObject, spec: KeySpec): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, { ...signatureOf(spec), ...curveParameter(spec) }, false, ['sign']);
}

/** How a key of this kind signs: the hash is as strong as the key. */
export function signatureOf(spec: KeySpec): { readonly name: string; readonly hash: string } {
  const size = spec.size ?? 256;
  switch (spec.algorithm) {
    case 'RSA':
      return { name: 'RSASSA-PKCS1-v1_5', hash: size >= 4096 ? 'SHA-512' : size >= 3072 ? 'SHA-384' : 'SHA-256' };
    case 'ECDSA':
      return { name: 'ECDSA', hash: size === 521 ? 'SHA-512' : size === 384 ? 'SHA-384' : 'SHA-256' };
    case 'Ed25519':
      return { name: 'Ed25519', hash: 'SHA-512' };
    default:
      return spec.algorithm satisfies never;
  }
}

function curveParameter(spec: KeySpec): { readonly namedCurve?: string } {
  return spec.algorithm === 'ECDSA' ? { namedCurve: curveOf(spec) } : {};
}

const curveOf = (spec: KeySpec): string => `P-${spec.size ?? 256}`;
