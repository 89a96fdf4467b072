import { ApiObject, App, Chart, Yaml } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { Manifest } from '../../constructs/manifest.js';
import { OutputFile } from '../../constructs/output-file.js';
import { apiObjectsOf, duplicateObjects } from './duplicates.js';
import type { RenderedFile } from './rendered-file.js';
import { writeOutput } from './write.js';
import { YamlWriter } from './yaml.js';

export interface FleetAppProps {
  /** Folder that `synth` writes to. @default $CDK8S_OUTDIR, dist */
  readonly outdir?: string;
}

/** Everything that is wrong with a construct tree, found before anything is written. */
export class ValidationError extends Error {
  override readonly name = 'ValidationError';
  readonly code = 'SYNTH_INVALID';

  constructor(
    /** `[path] message`, in tree order. */
    readonly problems: readonly string[],
  ) {
    super(`the manifests can't be written\n${problems.map(problem => `  ${problem}`).join('\n')}`);
  }
}

// 256 KB: long enough that a write costs nothing, short enough that memory does not grow with the fleet
const CHUNK_LENGTH = 256 * 1024;

/**
 * The app of a fleet: app → one scope per environment → one chart per plane, and files beside them.
 * A chart becomes `<path of the chart>.yaml`, an OutputFile `<environment>/<its path>`. The tree is walked once,
 * where cdk8s walks all of it again for every chart.
 */
export class FleetApp extends App {
  constructor(props: FleetAppProps = {}) {
    super({ ...props, outputFileExtension: '.yaml' });
    this.node.addValidation({ validate: () => this.environments().flatMap(scope => duplicateObjects(apiObjectsOf(scope))) });
  }

  /**
   * The files of the output in tree order; nothing is made into text before it is read.
   *
   * @throws ValidationError with every problem of the tree
   */
  render(): Iterable<RenderedFile> {
    const tree = new Walk(this);
    if (tree.problems.length > 0) throw new ValidationError(tree.problems);
    return tree.files();
  }

  /** Writes all files to `outdir`; a failure leaves what was there. */
  override synth(): void {
    writeOutput(this.outdir, this.render());
  }

  /** The scopes that are a folder of the output; a chart directly below the app belongs to the app itself. */
  private environments(): IConstruct[] {
    const children = this.node.children;
    return children.every(child => !Chart.isChart(child)) ? children : [this];
  }
}

class Walk {
  readonly problems: string[] = [];
  private readonly charts = new Map<Chart, ApiObject[]>();
  private readonly outputFiles: OutputFile[] = [];
  private ordered = false;

  constructor(root: IConstruct) {
    this.visit(root);
    this.checkPaths();
  }

  *files(): Iterable<RenderedFile> {
    for (const [chart, objects] of this.charts) {
      // the order that dependencies ask for is cdk8s's business
      yield { path: pathOf(chart), chunks: chunksOf(this.ordered ? chart.toJson().map(object => Yaml.stringify(object)) : objects) };
    }
    for (const file of this.outputFiles) yield { path: pathOf(file), chunks: [Buffer.from(file.content)] };
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

function pathOf(construct: Chart | OutputFile): string {
  if (!(construct instanceof OutputFile)) return `${construct.node.path}.yaml`;
  const environment = construct.node.scopes[1];
  return environment === undefined || environment === construct ? construct.path : `${environment.node.id}/${construct.path}`;
}

/** A text is a document that cdk8s has written. */
function* chunksOf(documents: Iterable<ApiObject | string>): Iterable<Uint8Array> {
  // half as much again: a chunk is full only after the object that fills it
  const writer = new YamlWriter(CHUNK_LENGTH * 1.5);
  let first = true;
  for (const document of documents) {
    if (!first) writer.text('---\n');
    first = false;
    if (typeof document === 'string') writer.text(document);
    else writeObject(writer, document);
    if (writer.length >= CHUNK_LENGTH) yield writer.take();
  }
  if (writer.length > 0) yield writer.take();
}

function writeObject(writer: YamlWriter, object: ApiObject): void {
  const data = object instanceof Manifest ? object.plainData() : undefined;
  if (data === undefined || !writer.tryObject(data)) writer.text(Yaml.stringify(object.toJson()));
}
