import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import type { Mtls } from '../../libs/sentinel-node/src/index.js';
import { declaredTargets, Load, type LoadReport, plainTargets } from './load.js';

/** On the pod's own loopback interface: tests reach it by a port that kubelet forwards, nobody else does. */
export const CONTROL_PORT = 7001;

const NONE: LoadReport = { seconds: 0, calls: [], failures: ['there was no load'] };

/** With what a process serves and whom it trusts, now. */
export interface ServedIdentity {
  readonly serial: string;
  /** Serial numbers of the roots. */
  readonly roots: readonly string[];
}

/** Lets a test start and stop the load of this process, and ask what it serves. */
export function serveControl(mtls: Mtls): void {
  let load: Load | undefined;
  const answers: Readonly<Record<string, (words: URLSearchParams) => unknown>> = {
    '/load/start': words => {
      const targets = mtls.mode === 'disabled' ? plainTargets(words.getAll('plain')) : declaredTargets(mtls);
      load ??= new Load(targets, Number(words.get('slower') ?? 1));
      return {};
    },
    '/load': () => load?.report() ?? NONE,
    '/load/stop': async () => {
      const report = await load?.stop();
      load = undefined;
      return report ?? NONE;
    },
    '/identity': () => identityOf(mtls),
    '/metrics': () => mtls.source.metricsText(),
  };
  createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const answer = answers[pathname];
    const text = answer === undefined ? '' : JSON.stringify(await answer(searchParams));
    // without a length the end of the connection would be the end of the answer, which a forwarded port tells late
    response.writeHead(answer === undefined ? 404 : 200, { 'content-length': Buffer.byteLength(text) }).end(text);
  }).listen(CONTROL_PORT, '127.0.0.1');
}

function identityOf(mtls: Mtls): ServedIdentity {
  const { certPem, identity } = mtls.current();
  const serialOf = (certificate: Buffer | string): string => new X509Certificate(certificate).serialNumber;
  return { serial: serialOf(certPem), roots: identity.roots.map(({ facts }) => serialOf(Buffer.from(facts.der))) };
}
