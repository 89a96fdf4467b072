import type { k8s } from 'cdk8s-plus-28';

/**
 * A body of the Kubernetes API as it is written in YAML: cdk8s-plus wraps ports and quantities in classes, which
 * plain data has no use for. Types only: importing the module itself would cost 116 ms.
 */
export type Plain<T> = T extends unknown
  ? [T, k8s.IntOrString] extends [k8s.IntOrString, T]
    ? string | number
    : T extends readonly (infer Item)[]
      ? readonly Plain<Item>[]
      : T extends object
        ? { readonly [Key in keyof T]: Plain<T[Key]> }
        : T
  : never;
