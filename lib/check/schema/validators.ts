import type { ValidateFunction } from 'ajv';

/** schemas/validators/index.js, made by `npm run build`. */
interface Catalogue {
  /** By file name without its ending: `apps_v1_Deployment`. */
  readonly load: Readonly<Record<string, () => ValidateFunction>>;
}

/** The part of JSON Schema that scripts/extract-schemas.mjs writes. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly { readonly required: readonly string[] }[];
  readonly anyOf?: readonly { readonly required: readonly string[] }[];
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

let catalogue: Catalogue | undefined;
/** By apiVersion, then by kind: a large repository asks ten thousand times for the same few. */
const byVersion = new Map<string, Map<string, ValidateFunction>>();

function load(): Catalogue['load'] {
  catalogue ??= built(() => require('#validators/index') as Catalogue);
  return catalogue.load;
}

function built<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
    throw missing ? new Error('schemas/validators/ is missing, expected the build to have made it\n  run "npm run build"') : error;
  }
}

/** `apps/v1`, `Deployment` → `apps_v1_Deployment` */
export const schemaName = (apiVersion: string, kind: string): string =>
  `${apiVersion.includes('/') ? apiVersion.replace('/', '_') : `core_${apiVersion}`}_${kind}`;

/** The compiled validator of a kind, loaded when first asked for; undefined for a kind without a schema. */
export function validatorOf(apiVersion: string, kind: string): ValidateFunction | undefined {
  const known = byVersion.get(apiVersion)?.get(kind);
  if (known) return known;
  const name = schemaName(apiVersion, kind);
  const loader = Object.hasOwn(load(), name) ? load()[name] : undefined;
  if (loader === undefined) return undefined;
  const validator = loader();
  const ofVersion = byVersion.get(apiVersion) ?? new Map<string, ValidateFunction>();
  byVersion.set(apiVersion, ofVersion.set(kind, validator));
  return validator;
}

/** Every kind that has a schema, as `apiVersion kind`. */
export function knownKinds(): string[] {
  return Object.keys(load()).map(name => {
    const [group = '', version = '', kind = ''] = name.split('_');
    return `${group === 'core' ? version : `${group}/${version}`} ${kind}`;
  });
}

/** A committed schema file, read only when a message needs it. */
export const schemaFile = (file: string): JsonSchema => require(`#schemas/${file}`) as JsonSchema;
