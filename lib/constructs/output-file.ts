import { Construct } from 'constructs';

export interface OutputFileProps {
  /** Path inside the environment's folder, such as `kustomization.yaml` or `prerequisites/cert-manager.values.yaml`. */
  readonly path: string;
  /** The whole text, with a final newline. */
  readonly content: string;
}

/** A file of the output that is no Kubernetes object of the fleet: a kustomization, a patch, Helm values, rules as a plain file. */
export class OutputFile extends Construct {
  readonly path: string;
  readonly content: string;

  constructor(scope: Construct, id: string, props: OutputFileProps) {
    super(scope, id);
    this.path = props.path;
    this.content = props.content;
  }
}
