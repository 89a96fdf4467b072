import type { Rule } from '../rule.js';
import { textAt } from '../values.js';
import { argumentsOf, environment } from './_containers.js';

/** Runtimes whose OpenSSL is older than 3.5, by the first version that is new enough. */
const RUNTIMES: readonly (readonly [RegExp, number, string])[] = [
  [/(?:^|\/)node:(\d+)/, 24, 'Node.js before 24 refuses to start a TLS context that names the group'],
  [/(?:^|\/)python:3\.(\d+)/, 14, 'its OpenSSL is older than 3.5 and does not know the group'],
];

export const groupNotAvailable: Rule = {
  code: 'SMT-C033',
  name: 'group-not-available',
  severity: 'error',
  persona: 'regular',
  summary: 'a process is told to use a post-quantum group that its runtime does not know',
  why: 'older OpenSSL does not fall back: creating the TLS context throws, and the service serves nothing.',
  standards: ['FIPS 203', 'Node.js 24 release notes: OpenSSL 3.5'],
  fix: 'move the image to Node.js 24 or OpenSSL 3.5, or leave the groups to the default',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers:
    - name: a
      image: node:20-slim
      env: [{ name: TLS_GROUPS, value: 'X25519MLKEM768:X25519' }]
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers:
    - name: a
      image: node:24-slim
      env: [{ name: TLS_GROUPS, value: 'X25519MLKEM768:X25519' }]
`,
  *check({ workloads }) {
    for (const { object, containers } of workloads)
      for (const container of containers) {
        const image = textAt(container.value, 'image');
        const old = RUNTIMES.find(([pattern, least]) => Number(pattern.exec(image)?.[1] ?? Number.POSITIVE_INFINITY) < least);
        if (!old) continue;
        for (const { value, path } of environment(container))
          if (/MLKEM/i.test(value))
            yield { object, path: [...path, 'value'], message: `names a group that ${image} does not have: ${old[2]}` };
        for (const { text, path } of argumentsOf(container))
          if (/MLKEM/i.test(text)) yield { object, path, message: `names a group that ${image} does not have: ${old[2]}` };
      }
  },
};
