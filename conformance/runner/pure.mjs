// Vectors that need neither files nor sockets.

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isForHost,
  MtlsError,
  PolicyIndex,
  parsePolicy,
  parseSpiffeId,
  parseTrustDomain,
  peerOf,
  readCertificate,
} from '../../libs/sentinel-node/dist/index.js';

const derOf = (folder, name) => new X509Certificate(readFileSync(join(folder, `${name}.crt`))).raw;

export function* spiffeIds({ ids, trustDomains }) {
  for (const { input, expect } of ids) {
    const id = parseSpiffeId(input);
    yield { name: input, expect, result: id ? { trustDomain: id.trustDomain, path: id.path } : { invalid: true } };
  }
  for (const { input, expect } of trustDomains) {
    const trustDomain = parseTrustDomain(input);
    yield { name: `td:${input}`, expect, result: trustDomain === undefined ? { invalid: true } : { trustDomain } };
  }
}

export function* policies({ documents, evaluations }) {
  for (const { name, text, hex, expect } of documents) {
    yield { name, expect, result: readDocument(hex === undefined ? Buffer.from(text) : Buffer.from(hex, 'hex')) };
  }
  for (const { name, policy, checks } of evaluations) {
    const index = new PolicyIndex(parsePolicy(JSON.stringify(policy)));
    for (const [at, { port, host, callPort, peer, expect }] of checks.entries()) {
      const identity = typeof peer === 'string' ? { spiffeId: peer, trustDomain: parseSpiffeId(peer).trustDomain } : peer;
      const { decision, code } =
        host === undefined ? index.authorize(port, identity) : index.authorizeServer(host, callPort, identity, true);
      yield { name: `${name} #${at}`, expect, result: { decision, code } };
    }
  }
}

function readDocument(bytes) {
  try {
    parsePolicy(bytes);
    return { ok: true };
  } catch (error) {
    if (!(error instanceof MtlsError)) throw error;
    return { code: error.code };
  }
}

export function* identities({ cases }, folder) {
  for (const { name, certificate, expect } of cases) {
    const { spiffeId, code } = peerOf(derOf(folder, certificate)).identity;
    yield { name, expect, result: spiffeId === undefined ? { code } : { spiffeId } };
  }
}

export function* hostNames({ cases }, folder) {
  for (const { name, certificate, host, expect } of cases) {
    const facts = readCertificate(derOf(folder, certificate));
    yield { name, expect, result: { match: isForHost(facts, host) } };
  }
}
