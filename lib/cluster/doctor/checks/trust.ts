import type { X509Certificate } from 'node:crypto';
import { selects } from '../../../check/lint/selectors.js';
import type { CertificateView } from '../../../check/lint/world.js';
import type { KubernetesObject } from '../../../objects/index.js';
import { isSet, listAt, mapAt, textAt } from '../../_values.js';
import { condition, isSelfSigned, isSignedBy, type Living, notAfter, parseChain } from '../../state/index.js';
import { FLEET_LABEL } from '../../status/index.js';
import { byRule } from '../_by-rule.js';
import { at, troublesOf } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const section = 'trust' as const;
const needs = [NEEDS.bundles, NEEDS.configMaps];

/** Roots that a Bundle has brought into a namespace; each text is parsed once. */
class Anchors {
  readonly #parsed = new Map<string, readonly X509Certificate[]>();
  readonly #trusted = new Map<string, boolean>();

  constructor(private readonly living: Living) {}

  /** Undefined where there is no target. */
  in(bundle: KubernetesObject, namespace: string): readonly X509Certificate[] | undefined {
    const target = this.living.objects.get('ConfigMap', namespace, bundle.metadata.name, '');
    if (target === undefined) return undefined;
    const text = textAt(target, 'data', targetKey(bundle));
    const known = this.#parsed.get(text) ?? parseChain(text).certificates;
    this.#parsed.set(text, known);
    return known;
  }

  trust(certificate: X509Certificate, anchors: readonly X509Certificate[]): boolean {
    const key = `${certificate.fingerprint256} ${anchors.map(({ fingerprint256 }) => fingerprint256).join()}`;
    const known =
      this.#trusted.get(key) ??
      anchors.some(anchor => anchor.fingerprint256 === certificate.fingerprint256 || isSignedBy(certificate, anchor));
    this.#trusted.set(key, known);
    return known;
  }
}

const targetKey = (bundle: KubernetesObject): string => textAt(bundle, 'spec', 'target', 'configMap', 'key');

/** What a verifier has besides roots: the chain in the Secret; of a leaf that its authority signed, that authority, asked once for all. */
function chainOf(living: Living, certificate: CertificateView): readonly X509Certificate[] {
  const secret = living.secret(certificate.namespace, certificate.secretName);
  if (secret === undefined) return [];
  const chain = living.chain(secret).certificates;
  const issuer = living.world.issuerOf(certificate);
  const [signer] = (issuer && living.authority(issuer)?.chain.certificates) ?? [];
  const isOurs = signer !== undefined && !(troublesOf(living).get(certificate) ?? []).some(({ kind }) => kind === 'authority-changed');
  // a root that signs is its own anchor; an intermediate must be in the chain to be of use to a verifier
  if (isOurs && chain.length === 1 && isSelfSigned(signer)) return [signer];
  return isOurs && chain.length > 1 ? chain.slice(1) : chain;
}

export const TRUST: readonly Check[] = [
  {
    code: 'SMT-D056',
    name: 'root-not-in-bundle',
    section,
    level: 'error',
    title: 'bundles have the roots of all certificates of their fleet',
    why: 'every peer refuses these certificates.',
    next: 'add the root to the sources of the Bundle, or renew the certificates from an authority that is in it',
    needs: [...needs, NEEDS.certificates, NEEDS.secrets],
    *find(living) {
      const anchors = new Anchors(living);
      for (const bundle of living.objects.ofKind('Bundle')) {
        const fleet = bundle.metadata.labels?.[FLEET_LABEL];
        if (fleet === undefined) continue;
        for (const certificate of living.certificates) {
          if (certificate.object.metadata.labels?.[FLEET_LABEL] !== fleet || certificate.isCA) continue;
          // names for the world outside come from public authorities
          if (living.world.issuerOf(certificate)?.type === 'acme') continue;
          const roots = anchors.in(bundle, certificate.namespace);
          const chain = chainOf(living, certificate);
          if (roots === undefined || chain.length === 0 || chain.some(link => anchors.trust(link, roots))) continue;
          yield at(
            certificate.object,
            `its chain leads to none of the ${roots.length} roots that Bundle ${bundle.metadata.name} has in namespace ${certificate.namespace}`,
          );
        }
      }
    },
  },
  {
    code: 'SMT-D057',
    name: 'bundle-holds-bad-certificate',
    section,
    level: 'warning',
    title: 'bundles hold roots that are valid, each once',
    why: 'an intermediate as an anchor breaks at its renewal; what has ended only hides what counts.',
    next: 'take it out of the sources, or set filterExpiredCertificates and filterNonCACerts of trust-manager',
    needs,
    *find(living) {
      const anchors = new Anchors(living);
      for (const bundle of living.objects.ofKind('Bundle')) {
        const target = living.objects.ofKind('ConfigMap', '').find(({ metadata }) => metadata.name === bundle.metadata.name);
        if (target === undefined || mapAt(bundle, 'spec').sources === undefined || usesDefaults(bundle)) continue;
        const seen = new Set<string>();
        for (const root of anchors.in(bundle, target.metadata.namespace ?? '') ?? []) {
          const name = root.subject.replaceAll('\n', ', ');
          if (seen.has(root.fingerprint256)) yield at(bundle, `it holds ${name} twice`);
          seen.add(root.fingerprint256);
          if (notAfter(root) < living.now) yield at(bundle, `${name} ended on ${root.validTo}`);
          if (!root.ca) yield at(bundle, `${name} is no authority`);
          else if (!isSelfSigned(root)) yield at(bundle, `${name} is an intermediate`);
        }
      }
    },
  },
  {
    code: 'SMT-D058',
    name: 'bundle-not-synced',
    section,
    level: 'error',
    title: 'bundles have reached their namespaces',
    why: 'pods that mount the bundle do not start, or go on with old roots.',
    next: 'kubectl describe bundle: sources lie in the namespace of trust-manager alone',
    needs: [...needs, NEEDS.namespaces],
    *find(living) {
      for (const bundle of living.objects.ofKind('Bundle')) {
        const synced = condition(bundle, 'Synced');
        if (synced?.status !== 'True') {
          yield at(bundle, synced === undefined ? 'trust-manager has not looked at it yet' : `${synced.reason}: ${synced.message}`);
          continue;
        }
        if (targetKey(bundle) === '' || living.snapshot.header.namespaces.length > 0) continue;
        const selector = mapAt(bundle, 'spec', 'target', 'namespaceSelector');
        const missing = living.objects
          .ofKind('Namespace')
          .filter(
            ({ metadata }) => selects(selector, living.world.namespaceLabels(metadata.name)) && metadata.deletionTimestamp === undefined,
          )
          .filter(({ metadata }) => living.objects.get('ConfigMap', metadata.name, bundle.metadata.name, '') === undefined)
          .map(({ metadata }) => metadata.name);
        if (missing.length > 0)
          yield at(
            bundle,
            `ConfigMap ${bundle.metadata.name} is not there in ${missing.length} of its namespaces: ${missing.slice(0, 3).join(', ')}`,
          );
      }
    },
  },
  byRule(
    {
      code: 'SMT-D059',
      name: 'trust-from-leaf-secret',
      section,
      level: 'error',
      title: 'nobody takes roots from the ca.crt of a leaf’s Secret',
      why: 'it holds one root, changes at a renewal, and lies beside a private key.',
      next: 'mount the ConfigMap of the Bundle',
      needs: [NEEDS.certificates, NEEDS.deployments, NEEDS.statefulSets, NEEDS.daemonSets, NEEDS.pods],
    },
    'SMT-C014',
  ),
];

/** Public roots are many, and some of them end before they are taken out. */
const usesDefaults = (bundle: KubernetesObject): boolean =>
  listAt(bundle, 'spec', 'sources').some(source => isSet(source, 'useDefaultCAs'));
