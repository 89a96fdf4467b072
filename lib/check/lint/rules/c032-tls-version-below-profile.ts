import type { FieldPath, KubernetesObject } from '../../../objects/index.js';
import type { Report, Rule } from '../rule.js';
import { textAt } from '../values.js';
import { argumentsOf, environment, flagValue } from './_containers.js';

const VARIABLE = /(?:^|_)(?:MIN_TLS_VERSION|TLS_MIN_VERSION|TLS_MIN_V|MIN_TLS)$/;
const ARGUMENT = /^--?(?:tls-min-version|min-tls-version|tls-min-v|tls-minimum-version|minimum-tls-version)$/;

export const tlsVersionBelowProfile: Rule = {
  code: 'SMT-C032',
  name: 'tls-version-below-profile',
  severity: 'error',
  persona: 'regular',
  summary: 'a server accepts an older TLS version than the profile allows',
  why: 'TLS 1.0 and 1.1 are broken and forbidden; the stricter profiles ask for 1.3 alone.',
  standards: ['RFC 8996', 'NIST SP 800-52r2 3.1', 'BSI TR-02102-2 (2026-01) 3.2', 'Mozilla Server Side TLS 5.8'],
  fix: 'raise the minimum to 1.2, or to 1.3 where the profile asks for it',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1, args: [--tls-min-version=VersionTLS11] }]
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers: [{ name: a, image: orders:1, args: [--tls-min-version=VersionTLS13] }]
`,
  *check({ workloads, objects, settings }) {
    const least = settings.profile.minimumTls;
    const judge = function* (object: KubernetesObject, path: FieldPath, text: string): Iterable<Report> {
      const version = versionOf(text);
      if (version !== undefined && version < least)
        yield { object, path, message: `TLS ${version.toFixed(1)} is accepted, the profile ${settings.profile.name} asks for ${least}` };
    };
    for (const { object, containers } of workloads)
      for (const container of containers) {
        const flag = flagValue(argumentsOf(container), ARGUMENT);
        if (flag) yield* judge(object, flag.path, flag.value);
        for (const { name, value, path } of environment(container))
          if (VARIABLE.test(name)) yield* judge(object, [...path, 'value'], value);
      }
    for (const object of [...objects.ofKind('TLSOption', 'traefik.io'), ...objects.ofKind('TLSOption', 'traefik.containo.us')])
      yield* judge(object, ['spec', 'minVersion'], textAt(object, 'spec', 'minVersion'));
    for (const object of objects.ofKind('Ingress')) {
      const key = 'nginx.ingress.kubernetes.io/ssl-protocols';
      for (const protocol of textAt(object, 'metadata', 'annotations', key).split(/[\s,]+/))
        yield* judge(object, ['metadata', 'annotations', key], protocol);
    }
  },
};

/** `VersionTLS12`, `TLSv1.2`, `1.2`, `TLS12`, `TLS1_2` */
function versionOf(text: string): number | undefined {
  const minor = /^(?:Version)?(?:TLS)?[-_ v]?1(?:[._]?([0-3]))?$/i.exec(text.trim())?.[1];
  return /^(?:Version)?(?:TLS)?[-_ v]?1(?:[._]?[0-3])?$/i.test(text.trim()) ? 1 + Number(minor ?? 0) / 10 : undefined;
}
