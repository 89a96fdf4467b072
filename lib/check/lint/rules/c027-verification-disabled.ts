import type { Rule } from '../rule.js';
import { argumentsOf, environment } from './_containers.js';

const VARIABLES: Readonly<Record<string, RegExp>> = {
  NODE_TLS_REJECT_UNAUTHORIZED: /^0$/,
  PYTHONHTTPSVERIFY: /^0$/,
  GIT_SSL_NO_VERIFY: /^(?:1|true)$/i,
  CURL_INSECURE: /^(?:1|true)$/i,
  VAULT_SKIP_VERIFY: /^(?:1|true)$/i,
  SSL_VERIFY: /^(?:0|false|none)$/i,
  NODE_OPTIONS: /--tls-reject-unauthorized=0/,
};
const FLAG =
  /^--?(?:insecure-skip-tls-verify|insecure-skip-verify|tls-skip-verify|skip-tls-verify|insecure-tls|no-check-certificate|tls-insecure)(?:=true)?$/;

export const verificationDisabled: Rule = {
  code: 'SMT-C027',
  name: 'verification-disabled',
  severity: 'error',
  persona: 'regular',
  summary: 'a process is told not to verify certificates',
  why: 'it then speaks to whoever answers, and every certificate around it is for show.',
  standards: ['NIST SP 800-52r2 4.5', 'OWASP ASVS 5.0 12.3.2'],
  fix: 'remove it, and give the process the roots of the authority from a bundle',
  bad: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers:
    - name: a
      image: orders:1
      env: [{ name: NODE_TLS_REJECT_UNAUTHORIZED, value: '0' }]
`,
  good: `
apiVersion: v1
kind: Pod
metadata: { name: orders, namespace: shop }
spec:
  containers:
    - name: a
      image: orders:1
      env: [{ name: SSL_CERT_FILE, value: /etc/trust/ca.crt }]
`,
  *check({ workloads }) {
    for (const { object, containers } of workloads)
      for (const container of containers) {
        for (const { name, value, path } of environment(container))
          if (Object.hasOwn(VARIABLES, name) && VARIABLES[name]?.test(value))
            yield { object, path: [...path, 'value'], message: `${name} turns the verification of certificates off` };
        for (const { text, path } of argumentsOf(container))
          if (FLAG.test(text)) yield { object, path, message: `${text.replace(/=.*/, '')} turns the verification of certificates off` };
      }
  },
};
