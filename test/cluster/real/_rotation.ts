import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { tool } from '../../_tools.js';
import { ROOT } from '../../cli/_cli.js';
import { clusterTools, RealCluster, type Tools, until } from './_cluster.js';

export interface RotationTools extends Tools {
  readonly trustManager: string;
}

export function rotationTools(): RotationTools | undefined {
  const [tools, trustManager] = [clusterTools(), tool('trust-manager')];
  return tools && trustManager ? { ...tools, trustManager } : undefined;
}

interface Item {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Record<string, unknown>;
}

/** Objects of some planes of the Sentinel fleet, as they are committed. */
export const rendered = (environment: string, planes: readonly string[], folder = join(ROOT, 'dist')): Item[] =>
  planes.flatMap(plane =>
    parseAllDocuments(readFileSync(join(folder, environment, `${plane}.yaml`), 'utf8')).map(document => document.toJS() as Item),
  );

export const NAMESPACE = 'sentinel-system';

/** etcd, kube-apiserver, cert-manager and trust-manager, and in it the Sentinel fleet's certificates and roots; no kubelet, so no pods. */
export async function startSentinel(tools: RotationTools, environment: string): Promise<RealCluster> {
  const cluster = await RealCluster.start(tools);
  try {
    await cluster.installDefinitions();
    await cluster.startController();
    await cluster.startTrustManager(tools.trustManager);
    await cluster.apply(['cert-manager', NAMESPACE].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
    await cluster.apply(rendered(environment, ['authority', 'trust', 'identity']));
    await until('every Certificate is ready and the bundle is there', 120, async () => {
      const certificates = items(cluster, 'certificates');
      return certificates.length > 0 && certificates.every(isReady) && bundle(cluster).length === 1;
    });
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

export function items(cluster: RealCluster, plural: string): Item[] {
  return (JSON.parse(cluster.kubectl(['get', plural, '-A', '-o', 'json'])) as { items: Item[] }).items;
}

export const isReady = (item: Item & { status?: { conditions?: { type: string; status: string }[] } }): boolean =>
  item.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

export const parsed = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(block => new X509Certificate(block));

/** Roots that a namespace of a fleet trusts. */
export function bundle(cluster: RealCluster, fleet = 'sentinel'): X509Certificate[] {
  const namespace = fleet === 'sentinel' ? NAMESPACE : fleet;
  return parsed(cluster.kubectl(['get', 'configmap', `${fleet}-ca-bundle`, '-n', namespace, '-o', 'jsonpath={.data.ca\\.crt}']));
}

/** Certificates of a Secret, its own first. */
export function chainIn(cluster: RealCluster, name: string, namespace = NAMESPACE): X509Certificate[] {
  return parsed(
    Buffer.from(cluster.kubectl(['get', 'secret', name, '-n', namespace, '-o', 'jsonpath={.data.tls\\.crt}']), 'base64').toString('latin1'),
  );
}

/** Names of the leaves' Secrets. */
export const leaves = (cluster: RealCluster): string[] =>
  items(cluster, 'certificates').flatMap(({ metadata, spec }) => (metadata.namespace === NAMESPACE ? [String(spec?.secretName)] : []));

/**
 * Whether a peer that trusts these roots believes a chain: what a TLS library asks. Verified here by signatures from leaf to root,
 * apart from the code under test.
 */
export function believes(roots: readonly X509Certificate[], chain: readonly X509Certificate[]): boolean {
  const [leaf, ...others] = chain;
  if (leaf === undefined) return false;
  const signs = (above: X509Certificate): boolean => leaf.checkIssued(above) && leaf.verify(above.publicKey);
  return roots.some(signs) || others.some((above, index) => signs(above) && believes(roots, [above, ...others.slice(index + 1)]));
}
