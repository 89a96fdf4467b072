import type { KubernetesObject } from '../objects/index.js';
import { listAt, mapAt, textAt } from './_values.js';
import { type Api, ApiFailure, NoReply } from './read/index.js';

/** One sample of a metrics page in Prometheus text 0.0.4. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a pod says of itself, or why it says nothing. */
export type Page = { readonly samples: readonly Sample[] } | { readonly unreadable: string };

/** Container ports that have the page, by their names: the first that a pod has. */
const PORT_NAMES = ['metrics', 'health'];
/** A pod that takes longer is not asked any more. */
const TIMEOUT_MS = 5_000;

/** Asks the runtime library in a pod, through the proxy of the API server. */
export async function runtimePage(api: Api, pod: KubernetesObject): Promise<Page> {
  const ports = listAt(pod, 'spec', 'containers').flatMap(container => listAt(container, 'ports'));
  const port = PORT_NAMES.flatMap(name => ports.filter(each => textAt(each, 'name') === name)).map(each => mapAt(each).containerPort)[0];
  if (typeof port !== 'number') return { unreadable: 'it has no port called metrics or health' };
  const { name, namespace = '' } = pod.metadata;
  try {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(`${name}:${port}`)}/proxy/metrics`;
    const samples = parseSamples(await api.page(path, TIMEOUT_MS));
    return samples.some(sample => sample.name.startsWith('sentinel_mtls_'))
      ? { samples }
      : { unreadable: 'its page has no sentinel_mtls metrics' };
  } catch (error) {
    if (error instanceof ApiFailure) return { unreadable: error.status === 403 ? 'pods/proxy may not be asked' : `status ${error.status}` };
    if (error instanceof NoReply) return { unreadable: error.message };
    throw error;
  }
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)(?: -?\d+)?$/;
// sticky: one label after the other, so that a long line is gone through once
const LABEL = /,? ?([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/gy;

/** Lines that are no samples are left out. */
export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap(line => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = '', quoted = '']) => [key, unescaped(quoted)] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
