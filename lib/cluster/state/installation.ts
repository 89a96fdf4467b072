import type { KubernetesObject, ObjectSet } from '../../objects/index.js';
import { listAt, mapAt, textAt, textsAt } from '../_values.js';

export type Component = 'controller' | 'webhook' | 'cainjector' | 'trust-manager' | 'approver-policy';

/** One Deployment of cert-manager or of a companion. */
export interface Installed {
  readonly component: Component;
  readonly object: KubernetesObject;
  readonly namespace: string;
  /** `v1.21.2`; empty where image and labels don't say. */
  readonly version: string;
  readonly args: readonly string[];
  readonly serviceAccount: string;
  readonly ready: number;
  readonly wanted: number;
}

const IMAGES: readonly (readonly [Component, RegExp])[] = [
  ['controller', /cert-manager-controller/],
  ['webhook', /cert-manager-webhook/],
  ['cainjector', /cert-manager-cainjector/],
  ['trust-manager', /\/trust-manager[:@]/],
  ['approver-policy', /cert-manager-approver-policy/],
];

/** Deployments of cert-manager and its companions, by the names of their images or the labels of their charts. */
export function installations(objects: ObjectSet): Installed[] {
  return objects.ofKind('Deployment', 'apps').flatMap(object => {
    const pod = mapAt(object, 'spec', 'template', 'spec');
    for (const container of listAt(pod, 'containers')) {
      const image = textAt(container, 'image');
      const component = IMAGES.find(([, pattern]) => pattern.test(image))?.[0] ?? byLabels(object);
      if (component === undefined) continue;
      return [
        {
          component,
          object,
          namespace: object.metadata.namespace ?? '',
          version: /:(v[\d.]+(?:-[\w.]+)?)/.exec(image)?.[1] ?? object.metadata.labels?.['app.kubernetes.io/version'] ?? '',
          args: textsAt(container, 'args'),
          serviceAccount: textAt(pod, 'serviceAccountName') || 'default',
          ready: Number(mapAt(object, 'status').readyReplicas ?? 0),
          wanted: Number(mapAt(object, 'spec').replicas ?? 1),
        },
      ];
    }
    return [];
  });
}

/** The charts' labels: a mirror of the images may have other names. */
function byLabels({ metadata }: KubernetesObject): Component | undefined {
  const name = metadata.labels?.['app.kubernetes.io/name'];
  const component = metadata.labels?.['app.kubernetes.io/component'];
  if (name === 'cert-manager' && component === 'controller') return 'controller';
  if (name === 'webhook' && component === 'webhook' && metadata.labels?.app === 'webhook') return 'webhook';
  if (name === 'cainjector' && component === 'cainjector') return 'cainjector';
  if (name === 'trust-manager') return 'trust-manager';
  return name === 'cert-manager-approver-policy' ? 'approver-policy' : undefined;
}

/** Value of `--name=value`, or undefined. */
export function argument({ args }: Installed, name: string): string | undefined {
  const found = args.find(text => text.startsWith(`--${name}=`));
  return found?.slice(name.length + 3);
}
