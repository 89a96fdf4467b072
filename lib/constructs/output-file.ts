import { Construct } from 'constructs';

export interface OutputFileProps {
  /** Path inside the environment's folder, such as `kustomization.yaml` or `prerequisites/cert-manager.values.yaml`. */
  readonly path: string;
  /** The whole text, with a final newline; or a header of comments when `data` follows. */
  readonly content: string;
  /** Written as YAML after `content`, by the back end as it writes objects. @default nothing */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A file of the output that is no Kubernetes object of the fleet: a kustomization, a patch, Helm values, rules as a plain file. */
export class OutputFile extends Construct {
  readonly path: string;
  readonly content: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(scope: Construct, id: string, props: OutputFileProps) {
    super(scope, id);
    this.path = props.path;
    this.content = props.content;
    this.data = props.data;
  }
}
