import { checkFleet } from './check.js';
import { FleetError } from './issue.js';
import { markChecked } from './resolve.js';
import type { Environment, External, Fleet, Mode, Port, Service, ServiceOverride } from './types.js';

type PortNames<T> = T extends { readonly ports: infer P } ? keyof P & string : never;

/** Every `name:port` of the services or externals in T. */
type Targets<T> = { [K in keyof T & string]: `${K}:${PortNames<T[K]>}` }[keyof T & string];

type TypedCall<T extends string> = T | { readonly to: T; readonly mode?: Mode };

/** Keys that T does not know may only be `never`: a typo does not compile. */
type Exactly<Given, T> = { readonly [K in Exclude<keyof Given, keyof T>]: never };

type TypedServices<S, X> = {
  readonly [K in keyof S]: { readonly calls?: readonly TypedCall<Targets<S> | Targets<X>>[] } & Exactly<S[K], Service> & TypedPorts<S[K]>;
};

type TypedPorts<T> = T extends { readonly ports: infer P } ? { readonly ports: { readonly [N in keyof P]: Exactly<P[N], Port> } } : unknown;

type TypedExternals<S, X> = {
  readonly [K in keyof X]: { readonly calls?: readonly TypedCall<Targets<S> | '*:metrics'>[] } & Exactly<X[K], External>;
};

type Overrides<O, S> = {
  readonly [N in keyof O]: N extends keyof S ? Exactly<O[N], ServiceOverride> : never;
};

type TypedEnvironments<E, S> = {
  readonly [K in keyof E]: Exactly<E[K], Environment> &
    (E[K] extends { readonly services: infer O } ? { readonly services: Overrides<O, S> } : unknown) &
    (E[K] extends { readonly authority: { readonly sameAs: string } }
      ? { readonly authority: { readonly sameAs: Exclude<keyof E, K> } }
      : unknown);
};

export type TypedFleet<S, X, E> = Omit<Fleet, 'services' | 'externals' | 'environments'> & {
  readonly services: S & TypedServices<S, X>;
  readonly externals?: X & TypedExternals<S, X>;
  readonly environments: E & TypedEnvironments<E, S>;
};

/**
 * A fleet in TypeScript. A call to a service or a port that is not declared does not compile.
 * @throws FleetError for everything that types can't say, as for a file
 */
export function defineFleet<
  const S extends Readonly<Record<string, Omit<Service, 'calls'>>>,
  const X extends Readonly<Record<string, Omit<External, 'calls'>>> = Record<never, never>,
  const E extends Readonly<Record<string, Environment>> = Record<never, never>,
>(fleet: TypedFleet<S, X, E>): Fleet {
  const result = checkFleet(fleet);
  if ('issues' in result)
    throw new FleetError(
      'defineFleet',
      result.issues.map(issue => ({ ...issue, position: undefined })),
    );
  return markChecked(result.fleet);
}
