import type { FieldPath, KubernetesObject } from '../../objects/index.js';
import type { AddressRange } from './addresses.js';
import type { Ports, Protocol } from './ports.js';
import type { Selector } from './selector.js';

export const DIRECTIONS = ['ingress', 'egress'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** A networking.k8s.io/v1 NetworkPolicy as it was read. */
export interface NetworkPolicy {
  readonly object: KubernetesObject;
  readonly namespace: string;
  readonly name: string;
  /** Pods of its namespace that it selects. */
  readonly target: Selector;
  /** Rules of the directions in which it isolates what it selects; a direction that is missing it leaves alone. */
  readonly rules: Readonly<Partial<Record<Direction, readonly Rule[]>>>;
}

/** Every peer on every port, so a cross product. */
export interface Rule {
  /** `spec.ingress[0]` */
  readonly path: FieldPath;
  /** Undefined: everybody, in the cluster and outside. */
  readonly peers: readonly Peer[] | undefined;
  /** Undefined: every port. */
  readonly ports: readonly RulePort[] | undefined;
}

export type Peer = { readonly path: FieldPath } & (
  | {
      readonly kind: 'pods';
      /** Undefined: the policy's own namespace. */
      readonly namespaces: Selector | undefined;
      readonly pods: Selector;
    }
  | {
      readonly kind: 'block';
      readonly cidr: string;
      readonly except: readonly string[];
      /** `cidr` without `except`. */
      readonly ranges: readonly AddressRange[];
    }
);

export type RulePort = { readonly path: FieldPath } & (
  | { readonly kind: 'numbers'; readonly ports: Ports }
  /** A name is looked up among the container ports of the destination. */
  | { readonly kind: 'name'; readonly name: string; readonly protocol: Protocol }
);

/** An object that can't be taken into account; the verdict then rests on what is left. */
export interface NetworkProblem {
  readonly object: KubernetesObject;
  readonly path: FieldPath;
  readonly text: string;
}
