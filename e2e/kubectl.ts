import { attempt, attemptAsync, type Outcome } from './node/processes.js';
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

  /** Waits until every pod that these workloads want is there and ready. */
  untilRolledOut(workloads: readonly Resource[], seconds: number): void {
    for (const [namespace, inside] of byNamespace(workloads)) {
      const names = inside.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      this.run(['rollout', 'status', ...names, '-n', namespace, `--timeout=${seconds}s`], { timeoutMs: (seconds + 10) * 1000 });
    }
  }

  /** Waits until all of them have a condition that is true: `Ready` of Certificates, `Available` of Deployments. They must be there. */
  untilCondition(kind: string, names: readonly string[], namespace: string | undefined, type: string, seconds: number): void {
    if (names.length === 0) return;
    const place = namespace === undefined ? [] : ['-n', namespace];
    const words = ['wait', kind, ...names, ...place, `--for=condition=${type}`, `--timeout=${seconds}s`];
    const { ok, stderr } = this.try(words, { timeoutMs: (seconds + 10) * 1000 });
    if (ok) return;
    const reasons = names.flatMap(name => {
      const conditions: Condition[] = this.get(kind, name, namespace)?.status?.conditions ?? [];
      const found = conditions.find(condition => condition.type === type);
      if (found?.status === 'True') return [];
      return [
        `${name}: ${found === undefined ? 'it has no such condition' : `${found.status}: ${found.reason ?? ''} ${found.message ?? ''}`}`,
      ];
    });
    throw new Error(`${kind} is not ${type} after ${seconds} s: ${reasons.join('; ')} (${stderr.trim().slice(-500)})`);
  }
}

export function byNamespace(objects: readonly Resource[]): Map<string, Resource[]> {
  const all = new Map<string, Resource[]>();
  for (const object of objects) {
    const namespace = object.metadata.namespace ?? '';
    all.set(namespace, [...(all.get(namespace) ?? []), object]);
  }
  return all;
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
