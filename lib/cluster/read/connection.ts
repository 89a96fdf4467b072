import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { decode, systemProblem } from '../../objects/index.js';
import { textAt } from '../_values.js';
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
  /** Has the next question ask for new credentials. */
  forget?(): void;
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
    ...remembered(config),
  };
}

async function loadConfig(file: string | undefined): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else {
      // read once: it may be a pipe
      config.loadFromString(readConfig(file));
      config.makePathsAbsolute(dirname(file));
    }
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    const named = file ?? process.env.KUBECONFIG ?? join(homedir(), '.kube', 'config');
    const problem = systemProblem(error, named);
    throw badConfig(named, problem ?? `can't be read: ${firstLine(error)}`);
  }
  if (file !== undefined && config.getClusters().length === 0) throw badConfig(file, 'names no cluster');
  // what the library falls back to when it finds nothing at all
  if (config.getCurrentCluster()?.server === 'http://localhost:8080')
    throw new ClusterError('CLUSTER_CONFIG', 'no cluster is configured', 'name a kubeconfig with --kubeconfig or in KUBECONFIG');
  return config;
}

const badConfig = (file: string, problem: string): ClusterError =>
  new ClusterError('CLUSTER_CONFIG', `the kubeconfig ${file} ${problem}`, 'name one with --kubeconfig or in KUBECONFIG, as for kubectl');

function readConfig(file: string): string {
  const bytes = readFileSync(file);
  if (bytes.length === 0) throw badConfig(file, 'is empty');
  try {
    return decode(bytes, file);
  } catch {
    throw badConfig(file, 'is not UTF-8 text');
  }
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

function remembered(config: KubeConfig): Required<Pick<Connection, 'credentials' | 'forget'>> {
  let made: { readonly at: number; readonly options: RequestOptions } | undefined;
  const forget = (): void => {
    made = undefined;
  };
  const credentials = async (): Promise<RequestOptions> => {
    if (made === undefined || Date.now() - made.at > CREDENTIALS_MS) {
      const options: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch (error) {
        throw new ClusterError(
          'CLUSTER_CONFIG',
          `the credentials of the kubeconfig can't be had: ${credentialProblem(error, config)}`,
          'try kubectl auth whoami with the same kubeconfig',
        );
      }
      made = { at: Date.now(), options };
    }
    return made.options;
  };
  return { credentials, forget };
}

/** Words of our own where the library quotes what a plugin printed: that may be a token. */
function credentialProblem(error: unknown, config: KubeConfig): string {
  const exec: unknown = config.getCurrentUser()?.exec;
  const plugin = `the exec plugin "${textAt(exec, 'command')}"`;
  if (error instanceof SyntaxError) return `${plugin} printed no JSON`;
  if (error instanceof TypeError) return `${plugin} printed no ExecCredential with a status`;
  if (!(error instanceof Error)) return firstLine(error);
  const { syscall, path } = error as NodeJS.ErrnoException;
  if (syscall?.startsWith('spawn') === true) return `${plugin} can't be run: is it installed, in PATH, and executable?`;
  const problem = path === undefined ? undefined : systemProblem(error, path);
  return problem === undefined ? firstLine(error) : `${path} ${problem}`;
}

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
