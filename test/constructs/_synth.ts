import { App, Chart, Testing, Yaml } from 'cdk8s';
import type { Construct, IConstruct } from 'constructs';
import { OutputFile } from '../../lib/constructs/output-file';

/** A rendered object, as loose as YAML. */
export interface Rendered {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  // biome-ignore lint/suspicious/noExplicitAny: tests read any field of any kind
  readonly [field: string]: any;
}

/** What constructs become in a plain cdk8s chart. */
export function synth(add: (chart: Chart) => void): Rendered[] {
  const chart = Testing.chart();
  add(chart);
  return Testing.synth(chart);
}

/** The objects of a kind, by name. */
export function byName(objects: readonly Rendered[], kind: string): Record<string, Rendered> {
  return Object.fromEntries(objects.filter(object => object.kind === kind).map(object => [object.metadata.name, object]));
}

export function named(objects: readonly Rendered[], kind: string, name: string): Rendered {
  const found = byName(objects, kind)[name];
  if (!found) throw new Error(`no ${kind} ${name} among ${objects.map(object => `${object.kind}/${object.metadata.name}`).join(', ')}`);
  return found;
}

/** The files of constructs that are no Kubernetes objects, by path. */
export function files(add: (scope: Construct) => void): Record<string, string> {
  const app = new App();
  add(new Chart(app, 'chart'));
  return outputFiles(app);
}

export function outputFiles(root: IConstruct): Record<string, string> {
  const found: Record<string, string> = {};
  for (const construct of root.node.findAll())
    if (construct instanceof OutputFile)
      found[construct.path] = construct.data === undefined ? construct.content : construct.content + Yaml.stringify(construct.data);
  return found;
}

/** Every value under a key, at any depth. */
export function valuesOf(node: unknown, key: string): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(item => valuesOf(item, key));
  return Object.entries(node).flatMap(([name, value]) => [...(name === key ? [value] : []), ...valuesOf(value, key)]);
}
