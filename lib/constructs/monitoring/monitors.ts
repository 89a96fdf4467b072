import type { Plan, PortPlan, ServicePlan } from '../../fleet/plan.js';
import type { ManifestBody } from '../manifest.js';
import { FLEET_LABEL, serviceLabels } from '../names.js';

const API_VERSION = 'monitoring.coreos.com/v1';
const NAME_LABEL = 'app.kubernetes.io/name';

/**
 * How Prometheus scrapes a service's metrics ports: through our Service, or straight from the pods of a workload
 * that somebody else deploys, whose Service and port names we do not know. One monitor a service, because two
 * services may give one port name different paths.
 */
export function monitorOf(plan: Plan, service: ServicePlan): ManifestBody | undefined {
  const ports = service.ports.filter(port => port.protocol === 'metrics');
  if (ports.length === 0) return undefined;
  const metadata = {
    name: `${service.name}-metrics`,
    namespace: service.namespace,
    labels: { ...serviceLabels(plan, service), ...plan.monitoring.selectorLabels },
  };
  if (service.workload.existing) {
    return {
      apiVersion: API_VERSION,
      kind: 'PodMonitor',
      metadata,
      spec: {
        selector: { matchLabels: service.selectorLabels },
        podMetricsEndpoints: ports.map(port => ({ portNumber: port.targetPort, ...endpoint(port), relabelings: [serviceLabel(service)] })),
      },
    };
  }
  return {
    apiVersion: API_VERSION,
    kind: 'ServiceMonitor',
    metadata,
    spec: {
      jobLabel: NAME_LABEL,
      selector: { matchLabels: serviceSelector(plan, service) },
      endpoints: ports.map(port => ({ port: port.name, ...endpoint(port) })),
    },
  };
}

/** Labels of our Service that no other one of its namespace has together. */
function serviceSelector(plan: Plan, service: ServicePlan): Record<string, string> {
  const labels = serviceLabels(plan, service);
  const selector: Record<string, string> = {};
  for (const label of [NAME_LABEL, FLEET_LABEL]) {
    const value = labels[label];
    if (value !== undefined) selector[label] = value;
  }
  return selector;
}

/** A ServiceMonitor's series carry the name of the Service as `service`; those of a PodMonitor get it here. */
const serviceLabel = ({ name }: ServicePlan): Record<string, unknown> => ({ targetLabel: 'service', replacement: name });

const endpoint = (port: PortPlan): Record<string, unknown> => ({ scheme: 'http', path: port.path ?? '/metrics' });
