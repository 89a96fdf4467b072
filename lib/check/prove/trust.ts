import type { Plan } from '../../fleet/plan.js';
import { isRecord, type ObjectSet, valueAt } from '../../objects/index.js';
import type { EmbeddedAuthority } from '../../pki/authority.js';

export interface Trust {
  /** PEM of the roots that every process of the environment trusts. */
  readonly roots: string;
  readonly notes: readonly string[];
}

/**
 * What the environment's trust bundle holds: the roots in the CA Secrets that its sources name. Roots that come
 * from elsewhere (a ConfigMap, an inline text, a Secret of another tool) are played by the issuer's root.
 */
export async function environmentTrust(objects: ObjectSet, plan: Plan, authority: EmbeddedAuthority): Promise<Trust> {
  const { issuerRef, issuerNamespace, kind } = plan.authority;
  const bundle = objects.get('Bundle', undefined, plan.bundle.name, 'trust.cert-manager.io');
  const sources = valueAt(bundle, ['spec', 'sources']);
  const anchors: string[] = [];
  for (const source of Array.isArray(sources) ? sources : []) {
    const secret = isRecord(source) && isRecord(source.secret) ? source.secret : {};
    if (typeof secret.name !== 'string') continue;
    const anchor = await authority.anchorOf(plan.bundle.trustNamespace, secret.name, typeof secret.key === 'string' ? secret.key : '');
    if (anchor !== undefined) anchors.push(anchor);
  }
  if (anchors.length > 0) return { roots: [...new Set(anchors)].join(''), notes: [] };
  const root = await authority.rootOf(issuerRef, issuerNamespace ?? plan.namespaces[0]);
  const from = `everybody trusts the root of ${issuerRef.kind} ${issuerRef.name}`;
  if (!bundle) return { roots: root, notes: [`there is no Bundle ${plan.bundle.name} among the manifests: ${from}`] };
  // a fleet that makes its own root must find it in its own bundle
  if (kind === 'selfSigned' && 'secret' in plan.bundle.source) {
    const nobody = await authority.unrelatedRoot();
    return { roots: nobody, notes: [`no source of Bundle ${plan.bundle.name} holds a root of the manifests: nobody trusts anybody`] };
  }
  return { roots: root, notes: [`the sources of Bundle ${plan.bundle.name} are not among the manifests: ${from}`] };
}
