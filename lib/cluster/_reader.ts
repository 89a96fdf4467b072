import type { KubernetesObject } from '../objects/index.js';
import { ClusterError } from './cluster-error.js';
import { type Api, ApiFailure, NoReply } from './read/index.js';
import { DOCTOR_RESOURCES, listPath, type PublicSecret, publicSecret, type Resource } from './snapshot/index.js';
import { itemOf } from './snapshot/reduce.js';

/** Reads what a rotation is decided by. Nothing is left out: what can't be read ends the command. */
export class Reader {
  constructor(readonly api: Api) {}

  /** Milliseconds, by the clock of the API server. */
  get now(): number {
    return Date.now() + (this.api.skewMs ?? 0);
  }

  /** @throws ClusterError when it can't be read, which is no empty list */
  async list(kind: string, namespace?: string, labelSelector?: string): Promise<KubernetesObject[]> {
    const resource = resourceOf(kind);
    const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
    const objects: KubernetesObject[] = [];
    await readable(resource, namespace, async () => {
      const query = labelSelector === undefined ? {} : { labelSelector };
      for await (const { items, restarted } of this.api.pages(listPath(resource, namespace), query, resource.pageSize)) {
        if (restarted) objects.length = 0;
        objects.push(...items.flatMap(item => itemOf(item, apiVersion, kind) ?? []));
      }
    });
    return objects;
  }

  /** Undefined where there is none. */
  async get(kind: string, namespace: string, name: string): Promise<KubernetesObject | undefined> {
    const resource = resourceOf(kind);
    return readable(resource, namespace, async () => {
      try {
        return (await this.api.get(pathOf(kind, namespace, name))) as KubernetesObject;
      } catch (error) {
        if (error instanceof ApiFailure && error.status === 404) return undefined;
        throw error;
      }
    });
  }

  /** Its certificates, and whether the key fits; the key itself is let go at once. */
  async secret(namespace: string, name: string): Promise<PublicSecret | undefined> {
    const secret = await this.get('Secret', namespace, name);
    return secret && publicSecret(secret);
  }
}

/** Where objects of a kind are listed and made. */
export const collectionOf = (kind: string, namespace: string): string => listPath(resourceOf(kind), namespace);

export const pathOf = (kind: string, namespace: string, name: string): string =>
  `${collectionOf(kind, namespace)}/${encodeURIComponent(name)}`;

function resourceOf(kind: string): Resource {
  const resource = DOCTOR_RESOURCES.find(known => known.kind === kind);
  if (resource === undefined) throw new Error(`the table of resources lacks ${kind}`);
  return resource;
}

async function readable<T>(resource: Resource, namespace: string | undefined, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ApiFailure || error instanceof NoReply)) throw error;
    if (error instanceof NoReply && error.reason === 'connection')
      throw new ClusterError(
        'CLUSTER_UNREACHABLE',
        `the API server can't be reached: ${error.message}`,
        'what was done stays; ask again later',
      );
    const place = namespace === undefined ? '' : ` in ${namespace}`;
    throw new ClusterError(
      'CLUSTER_REFUSED',
      `${resource.name}${place} can't be read: ${error.message}`,
      'without it nobody knows what comes next, so nothing was done; sentinel-mtls rbac prints the rights',
    );
  }
}

/** Some at a time, in their order. */
export async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>, atOnce = 8): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index] as T);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
