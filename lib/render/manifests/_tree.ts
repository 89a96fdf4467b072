import { ApiObject, type Chart, Yaml } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { Manifest } from '../../constructs/manifest.js';
import { OutputFile } from '../../constructs/output-file.js';
import { chunksOf } from './chunks.js';
import type { RenderedFile } from './rendered-file.js';
import { schemaProblems } from './schema-problems.js';
import { ValidationError } from './validation-error.js';
import { stringifyObject, type YamlWriter } from './yaml.js';

/** What one walk over a construct tree finds: its files, and what is wrong. */
export class Tree {
  /** Found by the walk itself; objects are checked against their schemas while they are written. */
  readonly problems: string[] = [];
  private readonly charts = new Map<Chart, ApiObject[]>();
  private readonly outputFiles: OutputFile[] = [];
  private ordered = false;

  constructor(root: IConstruct) {
    this.visit(root);
    this.checkPaths();
  }

  /** Reading the chunks of a file throws a ValidationError at its end if an object does not fit its schema. */
  *files(): Iterable<RenderedFile> {
    for (const [chart, objects] of this.charts) yield { path: pathOf(chart), chunks: this.chunks(chart, objects) };
    for (const file of this.outputFiles) yield { path: pathOf(file), chunks: [Buffer.from(textOf(file))] };
  }

  private *chunks(chart: Chart, objects: readonly ApiObject[]): Iterable<Uint8Array> {
    let doubtful = this.ordered;
    if (this.ordered) {
      // the order that dependencies ask for is cdk8s's business
      yield* chunksOf(chart.toJson(), (writer, object) => writer.text(Yaml.stringify(object)));
    } else {
      yield* chunksOf(objects, (writer, object) => {
        const written = writeObject(writer, object);
        // null and empty values are not written, so toJson has the last word
        if (misfitsOf(object, written).length > 0 && misfitsOf(object, object.toJson()).length > 0) doubtful = true;
      });
    }
    if (doubtful) this.refuseMisfits();
  }

  /** All of the tree, not only of one chart: who has to correct a fleet wants to know everything at once. */
  private refuseMisfits(): void {
    const misfits = [...this.charts.values()].flat().flatMap(object => misfitsOf(object, object.toJson()));
    if (misfits.length > 0) throw new ValidationError(misfits);
  }

  private visit(construct: IConstruct): void {
    const { node } = construct;
    for (const problem of node.validate()) this.problems.push(node.path === '' ? problem : `[${node.path}] ${problem}`);
    if (node.dependencies.length > 0) this.ordered = true;
    if (ApiObject.isApiObject(construct)) {
      const objects = this.charts.get(construct.chart);
      if (objects === undefined) this.charts.set(construct.chart, [construct]);
      else objects.push(construct);
    } else if (construct instanceof OutputFile) this.outputFiles.push(construct);
    for (const child of node.children) this.visit(child);
  }

  private checkPaths(): void {
    const seen = new Map<string, IConstruct>();
    for (const construct of [...this.charts.keys(), ...this.outputFiles]) {
      const path = pathOf(construct);
      const first = seen.get(path);
      if (first === undefined) seen.set(path, construct);
      else
        this.problems.push(
          `[${construct.node.path}] file ${path} is written twice, first by ${first.node.path}; give one of them another path`,
        );
    }
  }
}

const textOf = ({ content, data }: OutputFile): string => (data === undefined ? content : content + stringifyObject(data));

function pathOf(construct: Chart | OutputFile): string {
  if (!(construct instanceof OutputFile)) return `${construct.node.path}.yaml`;
  const environment = construct.node.scopes[1];
  return environment === undefined || environment === construct ? construct.path : `${environment.node.id}/${construct.path}`;
}

/** Gives back what was written; it may hold null and empty values beside. */
function writeObject(writer: YamlWriter, object: ApiObject): unknown {
  const data = object instanceof Manifest ? object.plainData() : undefined;
  if (data !== undefined && writer.tryObject(data)) return data;
  const json: unknown = object.toJson();
  writer.text(Yaml.stringify(json));
  return json;
}

function misfitsOf(object: ApiObject, written: unknown): string[] {
  return schemaProblems(object.node.path, written, object instanceof Manifest);
}
