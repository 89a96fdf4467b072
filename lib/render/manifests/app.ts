import { App, Chart } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { Tree } from './_tree.js';
import { apiObjectsOf, ObjectNames } from './duplicates.js';
import type { RenderedFile } from './rendered-file.js';
import { ValidationError } from './validation-error.js';
import { writeOutput } from './write.js';

export interface FleetAppProps {
  /** Folder that `synth` writes to. @default $CDK8S_OUTDIR, dist */
  readonly outdir?: string;
  /** Names that other apps of the same environment have taken. @default none */
  readonly names?: ObjectNames;
}

/**
 * The app of a fleet: app → one scope per environment → one chart per plane, and files beside them.
 * A chart becomes `<path of the chart>.yaml`, an OutputFile `<environment>/<its path>`. The tree is walked once,
 * where cdk8s walks all of it again for every chart.
 */
export class FleetApp extends App {
  constructor(props: FleetAppProps = {}) {
    const { names, ...appProps } = props;
    super({ ...appProps, outputFileExtension: '.yaml' });
    this.node.addValidation({
      validate: () => this.environments().flatMap(scope => (names ?? new ObjectNames()).take(apiObjectsOf(scope))),
    });
  }

  /**
   * The files of the output in tree order; nothing is made into text before it is read. Objects are checked against
   * their schemas meanwhile: reading a file to its end throws as well.
   *
   * @throws ValidationError with every problem of the tree
   */
  render(): Iterable<RenderedFile> {
    const tree = new Tree(this);
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
