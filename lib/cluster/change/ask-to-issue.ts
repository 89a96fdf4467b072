import type { KubernetesObject } from '../../objects/index.js';
import { listAt, mapAt, textAt } from '../_values.js';

/**
 * A Certificate as it is written to ask cert-manager for a new certificate, as cmctl does: with the condition Issuing.
 *
 * @param now milliseconds, by the API server's clock
 */
export function withIssuing(certificate: KubernetesObject, now: number): object {
  const others = listAt(certificate, 'status', 'conditions').filter(entry => textAt(entry, 'type') !== 'Issuing');
  const asked = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'Certificate re-issuance manually triggered by sentinel-mtls',
    lastTransitionTime: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    observedGeneration: certificate.metadata.generation,
  };
  return { ...certificate, status: { ...mapAt(certificate, 'status'), conditions: [...others, asked] } };
}
