import { checkFleet } from './check.js';
import { FleetError } from './issue.js';
import { markChecked } from './resolve.js';
import type { Environment, External, Fleet, Mode, Service, ServiceOverride } from './types.js';

type PortNames<T> = T extends { readonly ports: infer P } ? keyof P & string : never;

/** Every `name:port` of the services or externals in T. */
type Targets<T> = { [K in keyof T & string]: `${K}:${PortNames<T[K]>}` }[keyof T & string];

type TypedCall<T extends string> = T | { readonly to: T; readonly mode?: Mode };

/** Keys that T does not know may only be `never`: a typo does not compile. */
type Exactly<Given, T> = { readonly [K in Exclude<keyof Given, keyof T>]: never };

type TypedServices<S, X> = {
  readonly [K in keyof S]: Omit<Service, 'calls'> & { readonly calls?: readonly TypedCall<Targets<S> | Targets<X>>[] } & Exactly<
      S[K],
      Service
    >;
};

type TypedExternals<S, X> = {
  readonly [K in keyof X]: Omit<External, 'calls'> & { readonly calls?: readonly TypedCall<Targets<S> | '*:metrics'>[] } & Exactly<
      X[K],
      External
    >;
};

type TypedEnvironments<E, S> = {
  readonly [K in keyof E]: Omit<Environment, 'services'> & { readonly services?: { readonly [N in keyof S]?: ServiceOverride } } & Exactly<
      E[K],
      Environment
    >;
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
  const S extends Readonly<Record<string, unknown>>,
  const X extends Readonly<Record<string, unknown>> = Record<never, never>,
  const E extends Readonly<Record<string, unknown>> = Record<never, never>,
>(fleet: TypedFleet<S, X, E>): Fleet {
  const result = checkFleet(fleet);
  if ('issues' in result)
    throw new FleetError(
      'defineFleet',
      result.issues.map(issue => ({ ...issue, position: undefined })),
    );
  return markChecked(result.fleet);
}
