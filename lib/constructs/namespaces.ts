import { Construct } from 'constructs';
import type { Plan } from '../fleet/plan.js';
import { Manifest } from './manifest.js';
import { fleetLabels } from './names.js';

export interface NamespacesProps {
  readonly plan: Plan;
}

/** The namespaces that hold nothing but this fleet; a shared one belongs to somebody else and is never made here. */
export class Namespaces extends Construct {
  constructor(scope: Construct, id: string, props: NamespacesProps) {
    super(scope, id);
    const { plan } = props;
    if (!plan.network.ownsNamespaces) return;
    for (const name of plan.namespaces) {
      new Manifest(this, name, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: fleetLabels(plan) } });
    }
  }
}
