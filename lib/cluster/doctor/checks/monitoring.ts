import { selects } from '../../../check/lint/selectors.js';
import type { KubernetesObject } from '../../../objects/index.js';
import { listAt, mapAt, textsAt } from '../../_values.js';
import type { Living } from '../../state/index.js';
import { byRule } from '../_by-rule.js';
import { at } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const section = 'monitoring' as const;

/** Whether a monitor of the Prometheus Operator looks into a namespace. */
function looksInto(monitor: KubernetesObject, namespace: string): boolean {
  const chosen = mapAt(monitor, 'spec', 'namespaceSelector');
  const names = textsAt(chosen, 'matchNames');
  return chosen.any === true || (names.length > 0 ? names.includes(namespace) : monitor.metadata.namespace === namespace);
}

function isScraped(living: Living, controller: KubernetesObject, namespace: string): boolean {
  const pod = mapAt(controller, 'spec', 'template', 'metadata', 'labels');
  const services = living.objects.ofKind('Service', '').filter(service => {
    const selector = mapAt(service, 'spec', 'selector');
    return service.metadata.namespace === namespace && Object.keys(selector).length > 0 && selects({ matchLabels: selector }, pod);
  });
  const bySelector = (monitor: KubernetesObject, labels: Readonly<Record<string, unknown>>): boolean =>
    looksInto(monitor, namespace) && selects(mapAt(monitor, 'spec', 'selector'), labels);
  return (
    living.objects.ofKind('PodMonitor').some(monitor => bySelector(monitor, pod)) ||
    living.objects.ofKind('ServiceMonitor').some(monitor => services.some(service => bySelector(monitor, service.metadata.labels ?? {})))
  );
}

export const MONITORING: readonly Check[] = [
  {
    code: 'SMT-D075',
    name: 'metrics-not-scraped',
    section,
    level: 'warning',
    title: 'the metrics of cert-manager are scraped',
    why: 'no alert on a certificate can ever fire.',
    next: 'helm upgrade cert-manager … --set prometheus.servicemonitor.enabled=true, with honorLabels',
    needs: [NEEDS.deployments, NEEDS.services, NEEDS.definitions],
    *find(living) {
      // without the operator nobody here knows what is scraped
      if (living.objects.get('CustomResourceDefinition', undefined, 'servicemonitors.monitoring.coreos.com') === undefined) return;
      for (const { object, namespace } of living.ofComponent('controller'))
        if (!isScraped(living, object, namespace)) yield at(object, 'no ServiceMonitor or PodMonitor selects it');
      for (const monitor of [...living.objects.ofKind('ServiceMonitor'), ...living.objects.ofKind('PodMonitor')]) {
        const endpoints = [...listAt(monitor, 'spec', 'endpoints'), ...listAt(monitor, 'spec', 'podMetricsEndpoints')];
        if (monitor.metadata.name.startsWith('cert-manager') && endpoints.some(endpoint => mapAt(endpoint).honorLabels !== true))
          yield at(
            monitor,
            'without honorLabels the namespace of a certificate comes as exported_namespace, and alerts on "namespace" name cert-manager’s own',
          );
      }
    },
  },
  byRule(
    {
      code: 'SMT-D112',
      name: 'certificate-without-alert',
      section,
      level: 'warning',
      title: 'an alert watches every certificate',
      why: 'its end is noticed by those who call.',
      next: 'apply monitoring.yaml of the fleet',
      needs: [NEEDS.certificates],
    },
    'SMT-C034',
  ),
];
