import { parseDuration } from '../../../pki/index.js';
import type { Rule } from '../rule.js';
import { durationText, mapAt, textAt } from '../values.js';

export const vaultRoleTooWide: Rule = {
  code: 'SMT-C021',
  name: 'vault-role-too-wide',
  severity: 'error',
  persona: 'regular',
  summary: 'a PKI role of Vault signs any name, or for longer than the Certificates that use it live',
  why: 'a Vault role is the last thing between a stolen token and a certificate for every service.',
  standards: ['HashiCorp Vault PKI API: create or update role', 'NIST SP 800-204B 4.2'],
  fix: 'set allowedDomains with allowSubdomains or allowGlobDomains, keep enforceHostnames, and set maxTTL to the longest life that is asked for',
  bad: `
apiVersion: redhatcop.redhat.io/v1alpha1
kind: PKISecretEngineRole
metadata: { name: shop, namespace: vault }
spec: { path: pki_int, allowAnyName: true, maxTTL: 2160h }
`,
  good: `
apiVersion: redhatcop.redhat.io/v1alpha1
kind: PKISecretEngineRole
metadata: { name: shop, namespace: vault }
spec: { path: pki_int, allowedDomains: [shop.svc.cluster.local], allowSubdomains: true, maxTTL: 2160h }
`,
  *check(world) {
    for (const object of world.objects.ofKind('PKISecretEngineRole', 'redhatcop.redhat.io')) {
      const spec = mapAt(object, 'spec');
      if (spec.allowAnyName === true) yield { object, path: ['spec', 'allowAnyName'], message: 'the role signs any name' };
      if (spec.enforceHostnames === false)
        yield { object, path: ['spec', 'enforceHostnames'], message: 'the role signs what is no host name', severity: 'warning' };
      const most = parseDuration(textAt(spec, 'maxTTL'));
      const users = world.certificates.filter(certificate => {
        const issuer = world.issuerOf(certificate);
        return issuer?.type === 'vault' && textAt(issuer.config, 'path') === `${textAt(spec, 'path')}/sign/${object.metadata.name}`;
      });
      const longest = Math.max(...users.map(({ duration }) => duration));
      if (most !== undefined && users.length > 0 && most > longest)
        yield {
          object,
          path: ['spec', 'maxTTL'],
          message: `the role signs for ${durationText(most)}, its Certificates ask for ${durationText(longest)} at most`,
          severity: 'note',
        };
    }
  },
};
