import { X509Certificate } from 'node:crypto';
import type { Condition, Kubectl } from '../kubectl.js';

/** Asks cert-manager for a new certificate as `cmctl renew` does: by the condition Issuing. */
export function renew(kubectl: Kubectl, certificate: string, namespace: string): void {
  const conditions: Condition[] = kubectl.get('certificate', certificate, namespace)?.status?.conditions ?? [];
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered',
    lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const status = { conditions: [...conditions.filter(({ type }) => type !== 'Issuing'), issuing] };
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  kubectl.run(['patch', 'certificate', certificate, '-n', namespace, ...patch]);
}

/** Serial number of the first certificate in a Secret's tls.crt; empty when there is none. */
export function serialIn(kubectl: Kubectl, secret: string, namespace: string): string {
  const text = Buffer.from(kubectl.get('secret', secret, namespace)?.data?.['tls.crt'] ?? '', 'base64').toString('utf8');
  return text === '' ? '' : new X509Certificate(text).serialNumber;
}
