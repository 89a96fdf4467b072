import type { KubernetesObject } from '../../../objects/index.js';
import { listAt, textAt } from '../../_values.js';
import { type Living, notAfter, parseChain } from '../../state/index.js';
import { at } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';

const section = 'installation' as const;

interface Hook {
  readonly configuration: KubernetesObject;
  readonly namespace: string;
  readonly service: string;
  /** PEM. */
  readonly caBundle: string;
  /** Secret that the webhook's authority is injected from, `namespace/name`. */
  readonly source: string | undefined;
}

/** Webhooks of cert-manager and its companions. */
function hooksOf({ objects }: Living): Hook[] {
  return ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'].flatMap(kind =>
    objects.ofKind(kind).flatMap(configuration =>
      listAt(configuration, 'webhooks').flatMap((hook): Hook[] => {
        if (!/cert-manager\.io$/.test(textAt(hook, 'name'))) return [];
        const service = textAt(hook, 'clientConfig', 'service', 'name');
        if (service === '') return [];
        const caBundle = Buffer.from(textAt(hook, 'clientConfig', 'caBundle'), 'base64').toString('latin1');
        const source = configuration.metadata.annotations?.['cert-manager.io/inject-ca-from-secret'];
        return [{ configuration, namespace: textAt(hook, 'clientConfig', 'service', 'namespace'), service, caBundle, source }];
      }),
    ),
  );
}

/** The webhook's answer in words of the failure mode; the probe is a dry run that must be refused. */
function probeCheck(code: string, name: string, title: string, pattern: RegExp, why: string, next: string): Check {
  return {
    code,
    name,
    section,
    level: 'error',
    title,
    why,
    next,
    needs: [],
    *find({ snapshot: { header } }) {
      if (header.webhook?.outcome === 'unreachable' && pattern.test(header.webhook.message))
        yield { object: '', evidence: header.webhook.message };
    },
  };
}

export const WEBHOOK: readonly Check[] = [
  {
    code: 'SMT-D003',
    name: 'webhook-without-endpoints',
    section,
    level: 'error',
    title: 'each webhook of cert-manager has a pod behind it',
    why: 'every change of a Certificate or issuer is refused: "no endpoints available".',
    next: 'kubectl get endpointslices -n cert-manager; mend the pods of the webhook',
    needs: [NEEDS.validating, NEEDS.services, NEEDS.slices],
    *find(living) {
      const told = new Set<string>();
      for (const { configuration, namespace, service } of hooksOf(living)) {
        const key = `${namespace}/${service}`;
        if (told.has(key)) continue;
        told.add(key);
        if (living.objects.get('Service', namespace, service, '') === undefined) {
          yield at(configuration, `its Service ${key} is not there`);
          continue;
        }
        const slices = living.objects
          .ofKind('EndpointSlice')
          .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels?.['kubernetes.io/service-name'] === service);
        const ready = slices
          .flatMap(slice => listAt(slice, 'endpoints'))
          .filter(endpoint => (endpoint as { conditions?: { ready?: unknown } }).conditions?.ready !== false);
        if (ready.length === 0) yield at(configuration, `its Service ${key} has no ready endpoint`);
      }
    },
  },
  probeCheck(
    'SMT-D004',
    'webhook-refuses-connection',
    'the webhook of cert-manager takes connections',
    /connection refused/,
    'every change of a Certificate or issuer is refused until its pod is ready on the port of its Service.',
    'kubectl get pods,svc -n cert-manager -l app.kubernetes.io/component=webhook',
  ),
  probeCheck(
    'SMT-D005',
    'webhook-times-out',
    'the API server reaches the webhook in time',
    /timeout|deadline exceeded|no route to host/,
    'a firewall, a NetworkPolicy or a network of nodes that does not know pods stands between them (GKE private clusters: port 10250; EKS with a custom CNI: webhook.hostNetwork).',
    'open the way from the API server to the webhook’s port, or webhook.hostNetwork=true with webhook.securePort=10260',
  ),
  {
    code: 'SMT-D006',
    name: 'webhook-authority-differs',
    section,
    level: 'error',
    title: 'the API server trusts the webhook’s authority',
    why: 'every change of a Certificate or issuer is refused: "x509: certificate signed by unknown authority".',
    next: 'kubectl rollout restart deployment cert-manager-cainjector -n cert-manager; let GitOps ignore caBundle',
    needs: [NEEDS.validating, NEEDS.mutating, NEEDS.secrets],
    *find(living) {
      const { webhook } = living.snapshot.header;
      if (webhook?.outcome === 'unreachable' && /unknown authority/.test(webhook.message)) yield { object: '', evidence: webhook.message };
      for (const { configuration, caBundle, source, namespace } of hooksOf(living)) {
        if (source === undefined) continue;
        const [home = namespace, name = ''] = source.split('/');
        const secret = living.secret(home, name);
        if (caBundle.trim() === '') yield at(configuration, 'its caBundle is empty: cainjector has not filled it');
        else if (secret !== undefined) {
          const trusted = new Set(parseChain(caBundle).certificates.map(({ fingerprint256 }) => fingerprint256));
          const held = [...living.caChain(secret).certificates, ...living.chain(secret).certificates];
          if (held.length > 0 && !held.some(({ fingerprint256 }) => trusted.has(fingerprint256)))
            yield at(configuration, `its caBundle is not the authority in Secret ${source}`);
        }
      }
    },
  },
  {
    code: 'SMT-D007',
    name: 'webhook-certificate-ended',
    section,
    level: 'error',
    title: 'the webhook’s authority has not ended',
    why: 'after a suspended machine or a long pause cert-manager up to 1.20 does not notice, and every change is refused.',
    next: 'kubectl rollout restart deployment cert-manager-webhook -n cert-manager',
    needs: [NEEDS.validating],
    *find(living) {
      for (const { configuration, caBundle } of hooksOf(living)) {
        const { certificates } = parseChain(caBundle);
        if (certificates.length > 0 && certificates.every(certificate => notAfter(certificate) < living.now))
          yield at(
            configuration,
            `every certificate of its caBundle has ended, the last on ${certificates.map(({ validTo }) => validTo).at(-1)}`,
          );
      }
    },
  },
  probeCheck(
    'SMT-D008',
    'webhook-port-taken',
    'the webhook answers under its own name',
    /certificate is valid for/,
    'on EKS Fargate the kubelet has port 10250, and answers in place of the webhook.',
    'helm upgrade cert-manager … --set webhook.securePort=10260',
  ),
  {
    code: 'SMT-D102',
    name: 'webhook-not-asked',
    section,
    level: 'error',
    title: 'what the webhook must refuse is refused',
    why: 'without it any mistake is stored, and anybody may change who is said to have made a request.',
    next: 'kubectl get validatingwebhookconfigurations | grep cert-manager; install the chart whole',
    needs: [],
    *find({ snapshot: { header } }) {
      if (header.webhook?.outcome === 'allowed') yield { object: '', evidence: header.webhook.message };
      if (
        header.webhook?.outcome === 'unreachable' &&
        !/connection refused|timeout|deadline exceeded|no route|unknown authority|certificate is valid for/.test(header.webhook.message)
      )
        yield { object: '', evidence: header.webhook.message };
    },
  },
];
