// biome-ignore-all lint/complexity/useLiteralKeys: private fields can be read in brackets only
import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';

export interface ManifestMetadata extends ApiObjectMetadata {
  /** Always explicit: a name made from the construct path would change when a construct moves. */
  readonly name: string;
}

/** A whole Kubernetes object as plain data: no tokens, no Lazy values. */
export interface ManifestBody {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ManifestMetadata;
  readonly [field: string]: unknown;
}

/**
 * A Kubernetes object whose body is plain data, so that it can be written in one pass. Everything that cdk8s
 * offers on an ApiObject still holds: `toJson`, labels of the chart, `addJsonPatch`, `metadata.addLabel`.
 */
export class Manifest extends ApiObject {
  /** ApiObject answers for every class below it; this one answers for Manifest only. */
  static override [Symbol.hasInstance](value: unknown): value is Manifest {
    return typeof value === 'object' && value !== null && Object.prototype.isPrototypeOf.call(Manifest.prototype, value);
  }

  readonly body: ManifestBody;

  constructor(scope: Construct, id: string, body: ManifestBody) {
    super(scope, id, body);
    this.body = body;
  }

  /**
   * The object as `toJson` gives it, but neither copied, sorted nor freed of empty values; undefined where only
   * `toJson` knows the result (JSON patches). Lazy values are still in it: the writer refuses what is no plain data.
   */
  plainData(): ManifestBody | undefined {
    // cdk8s has no public way to ask for these; a test compares every result with toJson
    if (this['patches'].length > 0) return undefined;
    const own = this.metadata;
    const metadata = { ...own['_additionalAttributes'], name: own.name, labels: own['labels'] };
    // absent and undefined are one in the file, but not for who checks the object
    if (own.namespace === undefined) delete metadata.namespace;
    else metadata.namespace = own.namespace;
    for (const field of ['annotations', 'finalizers', 'ownerReferences'] as const) {
      const added = own[field];
      if (field in metadata || Object.keys(added).length > 0) metadata[field] = added;
    }
    return { ...this.body, metadata };
  }
}
