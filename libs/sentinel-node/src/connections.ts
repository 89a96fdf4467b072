import type { X509Certificate } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Certificate } from './certificate.js';
import type { Code } from './codes.js';
import type { Generation } from './generation.js';
import type { Peer } from './peer.js';
import { chainsTo } from './trust.js';

export type DrainReason = 'root-removed' | 'policy-changed' | 'identity-changed';

/** One open connection after its handshake. */
export interface Connection {
  readonly socket: TLSSocket;
  readonly peer: Peer;
  /** Chain as the peer sent it, by its leaf. */
  readonly x509: X509Certificate | undefined;
  /** Number of the generation under which it was made. */
  readonly generation: number;
  /** Set while the peer may no longer use it. */
  denied: Code | undefined;
  draining: DrainReason | undefined;
  session: Pick<ServerHttp2Session, 'close' | 'destroyed'> | undefined;
  /** Answers under way, of HTTP/1. */
  readonly responses: Set<ServerResponse>;
  /** Ends it gracefully, where neither HTTP/1 nor a session of ours does. */
  drain: ((graceMs: number) => void) | undefined;
}

/** The connection that a socket belongs to; a symbol passes through the proxy that HTTP/2 puts around sockets. */
const CONNECTION = Symbol('sentinel-node connection');

interface Marked {
  [CONNECTION]?: Connection;
}

export function connectionOf(socket: object | null | undefined): Connection | undefined {
  return (socket as Marked | null | undefined)?.[CONNECTION];
}

export function markConnection(socket: TLSSocket, connection: Connection): void {
  (socket as Marked)[CONNECTION] = connection;
}

/** Whether the peer's chain, as it sent it, still comes to a root of a generation. */
export function isTrusted({ x509 }: Pick<Connection, 'x509'>, generation: Generation): boolean {
  if (!x509) return false;
  try {
    const chain = [x509, ...issuersOf(x509)].map(({ raw }) => new Certificate(raw));
    const [leaf, ...intermediates] = chain;
    return leaf !== undefined && chainsTo(leaf, intermediates, generation.identity.roots);
  } catch {
    return false;
  }
}

/** 20: OpenSSL takes at most a few more, and a circle has no end. */
const MAX_ISSUERS = 20;

function issuersOf(leaf: X509Certificate): X509Certificate[] {
  const issuers: X509Certificate[] = [];
  for (let issuer = leaf.issuerCertificate; issuer && issuers.length < MAX_ISSUERS; issuer = issuer.issuerCertificate) issuers.push(issuer);
  return issuers;
}
