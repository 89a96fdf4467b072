import { X509Certificate } from 'node:crypto';
import { type Api, MERGE_PATCH } from '../api.js';
import type { Condition } from '../kubectl.js';

/** Asks cert-manager for a new certificate as `cmctl renew` does: by the condition Issuing. */
export async function renew(api: Api, certificate: string, namespace: string): Promise<void> {
  const path = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates/${certificate}`;
  const conditions: Condition[] = (await api.get(path))?.status?.conditions ?? [];
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered',
    lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const status = { conditions: [...conditions.filter(({ type }) => type !== 'Issuing'), issuing] };
  await api.patch(`${path}/status`, MERGE_PATCH, { status });
}

/** Serial number of the first certificate in a Secret's tls.crt; empty when there is none. */
export async function serialIn(api: Api, secret: string, namespace: string): Promise<string> {
  const found = await api.get(`/api/v1/namespaces/${namespace}/secrets/${secret}`);
  const text = Buffer.from(found?.data?.['tls.crt'] ?? '', 'base64').toString('utf8');
  return text === '' ? '' : new X509Certificate(text).serialNumber;
}
