import { Construct } from 'constructs';
import type { BundleSource, Plan } from '../fleet/plan.js';
import type { NonEmpty } from '../fleet/types.js';
import { Manifest } from './manifest.js';
import { fleetLabels, NAMESPACE_NAME_LABEL } from './names.js';

export interface TrustBundleProps {
  /** Name of the Bundle and of the ConfigMap that it becomes in each namespace. */
  readonly name: string;
  /** Key of the ConfigMap. */
  readonly key: string;
  /** Where the roots come from; a Secret or ConfigMap lies in trust-manager's own namespace. */
  readonly source: BundleSource;
  /** ConfigMaps with this label add further roots, all of their keys. */
  readonly furtherRootsLabel: { readonly key: string; readonly value: string };
  readonly namespaces: NonEmpty<string>;
  /** Labels of the Bundle and of its ConfigMaps. @default none */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * A trust-manager Bundle (trust.cert-manager.io/v1alpha1) with two sources, so that a coming and a going root
 * can be trusted at the same time; a bundle of the issuer's Secret alone can't overlap.
 */
export class TrustBundle extends Construct {
  constructor(scope: Construct, id: string, props: TrustBundleProps) {
    super(scope, id);
    const labels = props.labels ?? {};
    new Manifest(this, 'bundle', {
      apiVersion: 'trust.cert-manager.io/v1alpha1',
      kind: 'Bundle',
      metadata: { name: props.name, labels },
      spec: {
        sources: [
          bundleSource(props.source),
          // Matches nothing until a root is being replaced: fine as long as another source has a certificate.
          {
            configMap: {
              selector: { matchLabels: { [props.furtherRootsLabel.key]: props.furtherRootsLabel.value } },
              includeAllKeys: true,
            },
          },
        ],
        target: {
          configMap: { key: props.key, metadata: { labels } },
          // Written out even for one namespace: without a selector the bundle goes to all of them.
          namespaceSelector: namespaceSelector(props.namespaces),
        },
      },
    });
  }
}

export interface TrustProps {
  readonly plan: Plan;
}

/** The roots that the whole fleet trusts, in a ConfigMap of each of its namespaces. */
export class Trust extends Construct {
  constructor(scope: Construct, id: string, props: TrustProps) {
    super(scope, id);
    const { plan } = props;
    new TrustBundle(this, plan.bundle.name, { ...plan.bundle, namespaces: plan.namespaces, labels: fleetLabels(plan) });
  }
}

function bundleSource(source: BundleSource): Record<string, unknown> {
  if ('secret' in source) return { secret: { name: source.secret, key: source.key } };
  if ('configMap' in source) return { configMap: { name: source.configMap, key: source.key } };
  return { inLine: source.inline };
}

function namespaceSelector(namespaces: NonEmpty<string>): Record<string, unknown> {
  const [only, ...others] = namespaces;
  if (others.length === 0) return { matchLabels: { [NAMESPACE_NAME_LABEL]: only } };
  return { matchExpressions: [{ key: NAMESPACE_NAME_LABEL, operator: 'In', values: namespaces }] };
}
