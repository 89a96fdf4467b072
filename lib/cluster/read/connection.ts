import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ClusterError } from '../cluster-error.js';

/** Where an API server is, and how one shows there who one is. */
export interface Connection {
  /** Name of the context, or `in-cluster`. */
  readonly context: string;
  readonly server: URL;
  /** Namespace of the context. */
  readonly namespace: string;
  /** Agent, certificates and headers of a request; asked for anew at times, since tokens end. */
  credentials(): Promise<RequestOptions>;
}

export interface ConnectionOptions {
  /** @default KUBECONFIG, then ~/.kube/config, then the ServiceAccount of the pod */
  readonly kubeconfig?: string | undefined;
  /** @default the current context */
  readonly context?: string | undefined;
}

/** Tokens of exec plugins and ServiceAccounts live longer than this by far. */
const CREDENTIALS_MS = 60_000;

/**
 * Reads the kubeconfig as kubectl does.
 *
 * @throws ClusterError when there is none, or it has no such context
 */
export async function connect(options: ConnectionOptions = {}): Promise<Connection> {
  const config = await loadConfig(options.kubeconfig);
  if (options.context !== undefined) {
    if (config.getContextObject(options.context) === null)
      throw new ClusterError(
        'CLUSTER_CONFIG',
        `the kubeconfig has no context "${options.context}"`,
        `contexts: ${
          config
            .getContexts()
            .map(({ name }) => name)
            .join(', ') || 'none'
        }`,
      );
    config.setCurrentContext(options.context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new ClusterError(
      'CLUSTER_CONFIG',
      `the context "${config.getCurrentContext()}" names no cluster of the kubeconfig`,
      'choose a context with --context, or see kubectl config get-contexts',
    );
  const context = config.getCurrentContext();
  return {
    context: context === 'loaded-context' || context === 'inClusterContext' ? 'in-cluster' : context,
    server: serverUrl(cluster.server),
    namespace: config.getContextObject(context)?.namespace ?? 'default',
    credentials: remembered(config),
  };
}

async function loadConfig(file: string | undefined): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    const named = file ?? process.env.KUBECONFIG;
    throw new ClusterError(
      'CLUSTER_CONFIG',
      `the kubeconfig${named === undefined ? '' : ` ${named}`} can't be read: ${firstLine(error)}`,
      'name one with --kubeconfig or in KUBECONFIG, as for kubectl',
    );
  }
  // what the library falls back to when it finds nothing at all
  if (config.getCurrentCluster()?.server === 'http://localhost:8080')
    throw new ClusterError('CLUSTER_CONFIG', 'no cluster is configured', 'name a kubeconfig with --kubeconfig or in KUBECONFIG');
  return config;
}

function serverUrl(server: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || url.protocol !== 'https:')
    throw new ClusterError(
      'CLUSTER_CONFIG',
      `the API server is "${server}"`,
      'expected an address with https://, since Secrets are read from it',
    );
  return url;
}

function remembered(config: KubeConfig): () => Promise<RequestOptions> {
  let made: { readonly at: number; readonly options: RequestOptions } | undefined;
  return async () => {
    if (made === undefined || Date.now() - made.at > CREDENTIALS_MS) {
      const options: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch (error) {
        throw new ClusterError(
          'CLUSTER_CONFIG',
          `the credentials of the kubeconfig can't be had: ${firstLine(error)}`,
          'try kubectl auth whoami with the same kubeconfig',
        );
      }
      made = { at: Date.now(), options };
    }
    return made.options;
  };
}

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
