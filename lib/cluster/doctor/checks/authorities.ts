import { isSelfSigned, isSignedBy, notAfter } from '../../state/index.js';
import { byRule } from '../_by-rule.js';
import { at, authorities, ofKind, renewCommand } from '../_seen.js';
import { type Check, NEEDS } from '../check.js';
import { secretName, signers } from './issuers.js';

const section = 'issuers' as const;
const needs = [NEEDS.issuers, NEEDS.clusterIssuers, NEEDS.secrets];

/** The certificates and keys from which CA issuers sign: cert-manager looks at none of this. */
export const AUTHORITIES: readonly Check[] = [
  {
    code: 'SMT-D019',
    name: 'authority-ended',
    section,
    level: 'error',
    title: 'authorities have not ended, and outlive what they signed',
    why: 'every leaf fails on the day its authority ends, while issuer and Certificate stay Ready.',
    next: 'renew the authority, then the leaves: sentinel-mtls renew --issuer NAME --wait; authority.renewBefore ≥ leaf.duration',
    needs: [...needs, NEEDS.certificates],
    *find(living) {
      for (const { issuer, signer } of signers(living))
        if (notAfter(signer) < living.now)
          yield at(issuer.object, `its authority in Secret ${secretName(living, issuer)} ended on ${signer.validTo}`);
      yield* ofKind(living, 'authority-expired');
      for (const trouble of ofKind(living, 'outlives-authority', renewCommand)) yield { ...trouble, level: 'warning' };
    },
  },
  {
    code: 'SMT-D020',
    name: 'authority-can-not-sign',
    section,
    level: 'error',
    title: 'authorities have their own key, and may sign with it',
    why: 'everything that they issue is refused by whoever verifies it.',
    next: 'issue the authority anew: cert sign among its usages, its own key beside it, no path length of 0 above another authority',
    needs,
    *find(living) {
      for (const { issuer, authority } of authorities(living)) {
        const [signer] = authority.chain.certificates;
        const place = `Secret ${secretName(living, issuer)}`;
        const key = authority.secret.held['tls.key'];
        if (key?.form === 'unreadable') yield at(issuer.object, `tls.key in ${place} is no private key`);
        if (key?.fits === false) yield at(issuer.object, `tls.key in ${place} is not the key of tls.crt`);
        const signsAuthorities = living.certificates.some(certificate => certificate.isCA && living.world.issuerOf(certificate) === issuer);
        // node:crypto's `ca` takes basic constraints and key usage together: only where it says no, or a path length counts, is more asked
        if (signer === undefined || (signer.ca && !signsAuthorities)) continue;
        // loaded here: most clusters have no use for it
        const { signingRights } = require('../_extensions.js') as typeof import('../_extensions.js');
        const { isAuthority, certSign, pathLength } = signingRights(signer);
        if (isAuthority && certSign === false) yield at(issuer.object, `the certificate in ${place} has a key usage without cert sign`);
        if (pathLength === 0 && signsAuthorities)
          yield at(issuer.object, `the certificate in ${place} has a path length of 0, and signs other authorities`);
      }
    },
  },
  {
    code: 'SMT-D021',
    name: 'authority-without-root',
    section,
    level: 'warning',
    title: 'Secrets of intermediates hold their root too',
    why: 'ca.crt of every leaf is the intermediate then, and whoever trusts that breaks when it is renewed.',
    next: 'put the root into ca.crt, or the whole chain into tls.crt, of that Secret',
    needs,
    *find(living) {
      for (const { issuer, authority } of authorities(living)) {
        const [signer] = authority.chain.certificates;
        if (signer === undefined || isSelfSigned(signer)) continue;
        const known = [...authority.chain.certificates, ...living.caChain(authority.secret).certificates];
        if (!known.some(isSelfSigned)) yield at(issuer.object, `Secret ${secretName(living, issuer)} holds an intermediate and no root`);
      }
    },
  },
  {
    code: 'SMT-D022',
    name: 'authority-chain-broken',
    section,
    level: 'error',
    title: 'ca.crt of an authority is above its tls.crt',
    why: 'every request fails: "certificate chain is malformed or broken".',
    next: 'put the root that signed it into ca.crt of that Secret, or remove the key',
    needs,
    *find(living) {
      for (const { issuer, authority } of authorities(living)) {
        const chain = authority.chain.certificates;
        const [top] = living.caChain(authority.secret).certificates;
        if (top === undefined || chain.length === 0) continue;
        const fits = chain.some(certificate => certificate.fingerprint256 === top.fingerprint256 || isSignedBy(certificate, top));
        if (!fits) yield at(issuer.object, `ca.crt in Secret ${secretName(living, issuer)} did not sign its tls.crt`);
      }
    },
  },
  byRule(
    {
      code: 'SMT-D068',
      name: 'name-outside-constraints',
      section,
      level: 'error',
      title: 'every name is one that its authority may sign',
      why: 'cert-manager issues it all the same, and whoever verifies it refuses it.',
      next: 'change the name, or the constraints of the authority',
      needs: [NEEDS.certificates, NEEDS.issuers, NEEDS.clusterIssuers],
    },
    'SMT-M031',
  ),
];
