import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Context } from './claim.js';
import { serviceImages } from './images/catalogue.js';
import { byNamespace, type Resource } from './kubectl.js';
import { ctr, importImage } from './node/containers.js';
import { run } from './node/processes.js';
import { ROOT } from './node/settings.js';

/** One rendered environment in the cluster, installed and removed as a user does it. */
export class InstalledEnvironment {
  readonly objects: readonly Resource[];

  constructor(
    private readonly context: Context,
    readonly folder: string,
    readonly namespace: string,
  ) {
    this.objects = objectsIn(folder);
  }

  /** `kubectl create namespace`, `kubectl apply -k`, and wait: certificates, the bundle, and with `pods` the workloads. */
  install({ pods }: { readonly pods: boolean }): void {
    const { kubectl } = this.context;
    importImagesOf(this.objects);
    // the strictest level for pods: what we ship must run there
    kubectl.makeNamespace(this.namespace, { 'pod-security.kubernetes.io/enforce': 'restricted' });
    kubectl.run(['apply', '-k', this.folder], { timeoutMs: 120_000 });
    for (const [namespace, certificates] of byNamespace(this.ofKind('Certificate'))) {
      kubectl.untilCondition('certificate', certificates.map(nameOf), namespace, 'Ready', 120);
    }
    kubectl.untilCondition('bundle', this.ofKind('Bundle').map(nameOf), undefined, 'Synced', 60);
    if (pods)
      kubectl.untilRolledOut(
        this.objects.filter(({ kind }) => WORKLOADS.includes(kind)),
        120,
      );
  }

  /** `kubectl delete -k`. */
  delete(): void {
    this.context.kubectl.run(['delete', '--ignore-not-found', '--wait=true', '-k', this.folder], { timeoutMs: 180_000 });
  }

  /** The same, with what it leaves to others: Secrets and the namespace. */
  remove(): void {
    const { kubectl } = this.context;
    this.delete();
    // cert-manager leaves Secrets in place when their Certificates go
    for (const [namespace, certificates] of byNamespace(this.ofKind('Certificate'))) {
      kubectl.delete(['secret', ...certificates.map(({ spec }) => spec.secretName), '-n', namespace]);
    }
    // this one is the API server's own
    if (this.namespace !== 'default') kubectl.delete(['namespace', this.namespace]);
  }

  ofKind(kind: string): Resource[] {
    return this.objects.filter(object => object.kind === kind);
  }
}

const WORKLOADS = ['Deployment', 'DaemonSet', 'StatefulSet'];
const nameOf = ({ metadata }: Resource): string => metadata.name;

export function objectsIn(folder: string): Resource[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .flatMap(file => parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map(document => document.toJS() as Resource));
}

/** Renders a fleet; returns the folder of one environment. */
export function render(fleet: string, environment: string, output: string): string {
  run([process.execPath, join(ROOT, 'build', 'lib', 'cli', 'main.js'), 'synth', '-f', fleet, '-o', output]);
  return join(output, environment);
}

/** Gives every image that the objects ask for its name; behind each is the program of e2e/pods. */
function importImagesOf(objects: readonly Resource[]): void {
  const containers = objects.flatMap(({ spec }): { image: string }[] => spec?.template?.spec?.containers ?? []);
  importServiceImages(containers.map(({ image }) => image));
}

export function importServiceImages(references: readonly string[]): void {
  const wanted = [...new Set(references)].sort();
  const present = run(ctr('images', 'ls', '-q')).split('\n');
  if (!wanted.every(reference => present.includes(reference))) serviceImages(wanted).forEach(importImage);
}
