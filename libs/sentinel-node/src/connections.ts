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
  /** Number of the generation under which it was made. */
  readonly generation: number;
  /** Set while the peer may no longer use it. */
  denied: Code | undefined;
  draining: DrainReason | undefined;
  session: Pick<ServerHttp2Session, 'close' | 'destroyed'> | undefined;
  /** The last answer of HTTP/1: the one that may still say that there is no next. */
  response: ServerResponse | undefined;
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

/**
 * Whether the peer's chain, as it sent it, still comes to a root of a generation. Asked only when a root was removed:
 * Node takes 0.2 ms to make the object that knows the chain.
 */
export function isTrusted({ socket }: Pick<Connection, 'socket'>, generation: Generation): boolean {
  try {
    const x509 = socket.getPeerX509Certificate();
    if (!x509) return false;
    const [leaf, ...intermediates] = [x509, ...issuersOf(x509)].map(({ raw }) => new Certificate(raw));
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
