import { type KubernetesObject, type ObjectSet, valueAt } from '../objects/index.js';
import { quoted } from './_yaml-text.js';
import type { DraftAuthority, DraftService } from './draft.js';
import type { Group } from './services.js';
import { namespaceOf, text } from './workloads.js';

const OWN: DraftAuthority = { yaml: '{ selfSigned: {} }', note: 'no issuer was found: a root of its own' };

/** Who signs today, by the issuer that most Certificates name; an ACME issuer signs no internal names and is passed over. */
export function authorityOf(objects: ObjectSet): { readonly authority: DraftAuthority; readonly open: readonly string[] } {
  const open: string[] = [];
  const issuers = [...objects.ofKind('ClusterIssuer', 'cert-manager.io'), ...objects.ofKind('Issuer', 'cert-manager.io')];
  const users = (issuer: KubernetesObject): number =>
    objects
      .ofKind('Certificate', 'cert-manager.io')
      .filter(
        certificate =>
          valueAt(certificate, ['spec', 'issuerRef', 'name']) === issuer.metadata.name &&
          (text(valueAt(certificate, ['spec', 'issuerRef', 'kind'])) ?? 'Issuer') === issuer.kind &&
          valueAt(certificate, ['spec', 'isCA']) !== true,
      ).length;
  for (const issuer of [...issuers].sort((a, b) => users(b) - users(a))) {
    const name = `${issuer.kind} ${issuer.metadata.name}`;
    const secret = text(valueAt(issuer, ['spec', 'ca', 'secretName']));
    const namespaced = issuer.kind === 'Issuer' ? ', namespaced: true' : '';
    if (secret !== undefined)
      return {
        authority: { yaml: `{ existing: { secretName: ${quoted(secret)} }${namespaced} }`, note: `from ${name}: its CA stays` },
        open,
      };
    if (valueAt(issuer, ['spec', 'vault']) !== undefined)
      open.push(`${name} signs with Vault: write authority.vault, with its server, path and roots (see the guide)`);
    else if (valueAt(issuer, ['spec', 'acme']) !== undefined)
      open.push(`${name} is an ACME issuer: it signs public names only, see publicAuthority`);
  }
  return { authority: OWN, open };
}

/** Lifetime and key of a Certificate whose Secret the pods mount. */
export function certificateOf(objects: ObjectSet, group: Group): DraftService['certificate'] {
  const secrets = new Set(group.workloads.flatMap(workload => [...workload.secrets]));
  const found = objects
    .ofKind('Certificate', 'cert-manager.io')
    .find(certificate => namespaceOf(certificate) === group.namespace && secrets.has(String(valueAt(certificate, ['spec', 'secretName']))));
  if (found === undefined) return undefined;
  const duration = text(valueAt(found, ['spec', 'duration']));
  const before = text(valueAt(found, ['spec', 'renewBefore']));
  const algorithm = text(valueAt(found, ['spec', 'privateKey', 'algorithm']));
  const size = valueAt(found, ['spec', 'privateKey', 'size']);
  const key = [algorithm === undefined ? [] : `algorithm: ${quoted(algorithm)}`, typeof size === 'number' ? `size: ${size}` : []].flat();
  const fields = [
    duration === undefined ? [] : `duration: ${quoted(duration)}`,
    before === undefined ? [] : `renewBefore: ${quoted(before)}`,
    key.length === 0 ? [] : `key: { ${key.join(', ')} }`,
  ].flat();
  return fields.length === 0 ? undefined : { yaml: `{ ${fields.join(', ')} }`, note: `from Certificate ${found.metadata.name}` };
}
