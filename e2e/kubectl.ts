import { attempt, attemptAsync, type Outcome, until } from './node/processes.js';
import { KUBECONFIG } from './node/settings.js';

/** A Kubernetes object as the API gives it; fields are looked at where a check needs them. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly resourceVersion?: string;
    readonly uid?: string;
  };
  // biome-ignore lint/suspicious/noExplicitAny: an API object is a tree of JSON whose shape its kind decides
  readonly [field: string]: any;
}

/** The cluster's API as kubectl reaches it, as administrator unless `as` says otherwise. */
export class Kubectl {
  constructor(private readonly program: string) {}

  /** Runs to the end; the caller looks at the outcome. */
  try(words: readonly string[], options: { readonly input?: string; readonly timeoutMs?: number } = {}): Outcome {
    return attempt([this.program, `--kubeconfig=${KUBECONFIG}`, ...words], options);
  }

  /** A command in a pod's container. */
  exec(namespace: string, pod: string, command: readonly string[]): Promise<Outcome> {
    return attemptAsync([this.program, `--kubeconfig=${KUBECONFIG}`, 'exec', '-n', namespace, pod, '--', ...command]);
  }

  run(words: readonly string[], options: { readonly input?: string; readonly timeoutMs?: number } = {}): string {
    const outcome = this.try(words, options);
    if (!outcome.ok) throw new Error(`kubectl ${words.slice(0, 6).join(' ')}: ${outcome.stderr.trim().slice(-1500)}`);
    return outcome.stdout;
  }

  /** Server-side apply, so that objects of any size fit and a second apply shows no difference. */
  apply(objects: readonly object[]): void {
    if (objects.length === 0) return;
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    this.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: JSON.stringify(list), timeoutMs: 120_000 });
  }

  get(kind: string, name: string, namespace?: string): Resource | undefined {
    const place = namespace === undefined ? [] : ['-n', namespace];
    const outcome = this.try(['get', kind, name, ...place, '-o', 'json', '--ignore-not-found']);
    if (!outcome.ok) throw new Error(`kubectl get ${kind} ${name}: ${outcome.stderr.trim()}`);
    return outcome.stdout.trim() === '' ? undefined : (JSON.parse(outcome.stdout) as Resource);
  }

  list(kind: string, ...words: readonly string[]): Resource[] {
    return (JSON.parse(this.run(['get', kind, '-o', 'json', ...words])) as { items: Resource[] }).items;
  }

  delete(words: readonly string[]): void {
    this.run(['delete', '--ignore-not-found', '--wait=true', ...words], { timeoutMs: 120_000 });
  }

  makeNamespace(name: string, labels: Readonly<Record<string, string>> = {}): void {
    this.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }]);
  }

  /** Waits until a condition has a status: `Ready=True` of a Certificate, `Available=True` of a Deployment. */
  async untilCondition(kind: string, name: string, namespace: string | undefined, type: string, seconds: number): Promise<void> {
    let last = 'it has no such condition';
    const place = namespace === undefined ? name : `${namespace}/${name}`;
    try {
      await until(`${kind} ${place} is ${type}`, seconds, () => {
        const conditions: Condition[] = this.get(kind, name, namespace)?.status?.conditions ?? [];
        const found = conditions.find(condition => condition.type === type);
        if (found !== undefined) last = `${found.status}: ${found.reason ?? ''} ${found.message ?? ''}`;
        return found?.status === 'True';
      });
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)} (${last.trim()})`);
    }
  }
}

/** kubectl says this of every kustomization with an order of its own, and then takes that order, which puts policies before pods. */
const OF_KUBECTL = "Sorting order is set both in 'kustomization.yaml' ('sortOptions') and in a CLI flag ('--reorder')";

/** What the API server or kubectl complains of: warnings and errors. */
export const complaintsOf = ({ stderr }: Outcome): string[] =>
  stderr.split('\n').filter(line => line.trim() !== '' && !line.includes(OF_KUBECTL));

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}
