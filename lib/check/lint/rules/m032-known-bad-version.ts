import type { Rule } from '../rule.js';
import { textAt } from '../values.js';

export const knownBadVersion: Rule = {
  code: 'SMT-M032',
  name: 'known-bad-version',
  severity: 'error',
  persona: 'regular',
  summary: 'a version of cert-manager is deployed that has a known grave fault or is out of support',
  why: '1.19.0 issues everything anew without need, 1.21.0 crashes on renewal policies, and versions before 1.19.6 and 1.20.3 let namespace editors create challenges (GHSA-8rvj-mm4h-c258).',
  standards: ['cert-manager release notes 1.19, 1.20, 1.21', 'GHSA-8rvj-mm4h-c258'],
  fix: 'upgrade to the newest patch of 1.21 or 1.20',
  bad: `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cert-manager, namespace: cert-manager }
spec:
  selector: { matchLabels: { app: cert-manager } }
  template:
    metadata: { labels: { app: cert-manager } }
    spec: { containers: [{ name: controller, image: 'quay.io/jetstack/cert-manager-controller:v1.19.0' }] }
`,
  good: `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cert-manager, namespace: cert-manager }
spec:
  selector: { matchLabels: { app: cert-manager } }
  template:
    metadata: { labels: { app: cert-manager } }
    spec: { containers: [{ name: controller, image: 'quay.io/jetstack/cert-manager-controller:v1.21.2' }] }
`,
  *check({ workloads }) {
    for (const { object, containers } of workloads)
      for (const { value, path } of containers) {
        const [, minor, patch] = /cert-manager-controller:v1\.(\d+)\.(\d+)/.exec(textAt(value, 'image')) ?? [];
        const problem = minor === undefined ? undefined : problemOf(Number(minor), Number(patch));
        if (problem !== undefined) yield { object, path: [...path, 'image'], message: `cert-manager 1.${minor}.${patch} ${problem}` };
      }
  },
};

function problemOf(minor: number, patch: number): string | undefined {
  if (minor === 19 && patch === 0) return 'issues certificates anew without need';
  if (minor === 21 && patch === 0) return 'crashes when a renewal policy is Disabled, and misses changes of Secrets';
  if (minor < 19 || (minor === 19 && patch < 6) || (minor === 20 && patch < 3)) return 'lacks the fix of GHSA-8rvj-mm4h-c258';
  return minor === 19 ? 'is out of support' : undefined;
}
