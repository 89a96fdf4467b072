import { parseDuration } from '../pki/index.js';
import type {
  AuthorityPlan,
  BundlePlan,
  BundleSource,
  CaCertificatePlan,
  IssuerRef,
  KeyPlan,
  PublicAuthorityPlan,
  VaultPlan,
} from './plan.js';
import { DEFAULTS } from './settings.js';
import type { Authority, CaCertificateSettings, Environment, Fleet, KeySettings, RootSource, VaultAuthority } from './types.js';

const GROUP = 'cert-manager.io';

/** Who signs. Names do not depend on the environment: each has a cluster, or a namespace, of its own. */
export function planAuthority(
  fleet: Fleet,
  environment: string,
  authority: Authority,
  fleetNamespace: string,
  longestLeafSeconds: number,
): AuthorityPlan {
  const namespaced = authority.namespaced ?? false;
  const kind = namespaced ? 'Issuer' : 'ClusterIssuer';
  const issuer = (name: string): IssuerRef => ({ name: `${fleet.fleet}-${name}`, kind, group: GROUP });
  const common = { issuerRef: issuer('ca-issuer'), issuerNamespace: namespaced ? fleetNamespace : undefined };
  if ('external' in authority) return { ...common, kind: 'external', issuerRef: authority.external };
  if ('existing' in authority) return { ...common, kind: 'existing', secretName: authority.existing.secretName };
  if ('vault' in authority) return { ...common, kind: 'vault', vault: planVault(fleet, authority.vault) };
  if (!('selfSigned' in authority)) throw new TypeError(`authority of environment "${environment}" was not resolved`);

  const namespace = namespaced ? fleetNamespace : (fleet.certManagerNamespace ?? DEFAULTS.certManagerNamespace);
  const { intermediate, ...root } = authority.selfSigned;
  const certificate = (
    name: string,
    title: string,
    settings: CaCertificateSettings,
    duration: string,
    signedSeconds: number,
    issuerRef: IssuerRef,
  ): CaCertificatePlan => ({
    name: `${fleet.fleet}-${name}`,
    namespace,
    secretName: `${fleet.fleet}-${name}-secret`,
    commonName: settings.commonName ?? `${fleet.fleet} ${environment} ${title}`.slice(0, 64),
    durationSeconds: parseDuration(settings.duration ?? duration) ?? Number.NaN,
    // so that what it signed on the last day before its renewal ends before it does
    renewBeforeSeconds: settings.renewBefore === undefined ? signedSeconds : (parseDuration(settings.renewBefore) ?? Number.NaN),
    key: caKey(settings.key),
    issuerRef,
  });
  if (intermediate === undefined) {
    const only = certificate('ca', 'root CA', root, DEFAULTS.rootDuration, longestLeafSeconds, issuer('selfsigned-issuer'));
    return { ...common, kind: 'selfSigned', root: only, intermediate: undefined };
  }
  const signing = certificate(
    'ca',
    'intermediate CA',
    intermediate,
    DEFAULTS.intermediateDuration,
    longestLeafSeconds,
    issuer('root-issuer'),
  );
  const top = certificate('root-ca', 'root CA', root, DEFAULTS.rootDuration, signing.durationSeconds, issuer('selfsigned-issuer'));
  return { ...common, kind: 'selfSigned', root: top, intermediate: signing };
}

/** A CA keeps its key when it is renewed: leaves signed before then verify under the new certificate too. */
function caKey(key: KeySettings | undefined): KeyPlan {
  const algorithm = key?.algorithm ?? 'RSA';
  return {
    algorithm,
    size: key?.size ?? (algorithm === 'RSA' ? DEFAULTS.caRsaSize : DEFAULTS.sizes[algorithm]),
    encoding: key?.encoding ?? 'PKCS8',
    rotationPolicy: key?.rotationPolicy ?? 'Never',
  };
}

function planVault(fleet: Fleet, vault: VaultAuthority): VaultPlan {
  const { auth } = vault;
  return {
    server: vault.server,
    path: vault.path,
    namespace: vault.namespace,
    caBundle: vault.caBundle,
    caBundleSecret: vault.caBundleSecret,
    auth:
      'kubernetes' in auth
        ? {
            kind: 'kubernetes',
            role: auth.kubernetes.role,
            mountPath: auth.kubernetes.mountPath ?? '/v1/auth/kubernetes',
            serviceAccount: auth.kubernetes.serviceAccount ?? `${fleet.fleet}-vault-issuer`,
            createServiceAccount: auth.kubernetes.serviceAccount === undefined,
            audiences: auth.kubernetes.audiences ?? [],
          }
        : { kind: 'appRole', path: auth.appRole.path ?? 'approle', roleId: auth.appRole.roleId, secret: auth.appRole.secret },
  };
}

export function planPublicAuthority(fleet: Fleet, env: Environment): PublicAuthorityPlan | undefined {
  const acme = env.publicAuthority?.acme;
  if (acme === undefined) return undefined;
  return {
    issuerRef: { name: `${fleet.fleet}-acme-issuer`, kind: 'ClusterIssuer', group: GROUP },
    server: acme.server,
    email: acme.email,
    profile: acme.profile,
    solvers: acme.solvers,
  };
}

const BUNDLE_KEY = 'ca.crt';

export function planBundle(fleet: Fleet, authority: Authority, plan: AuthorityPlan): BundlePlan {
  return {
    name: `${fleet.fleet}-ca-bundle`,
    key: BUNDLE_KEY,
    // trust-manager reads sources from one namespace; a namespaced CA keeps its Secret in the fleet's
    trustNamespace:
      plan.kind === 'selfSigned'
        ? plan.root.namespace
        : (plan.issuerNamespace ?? fleet.certManagerNamespace ?? DEFAULTS.certManagerNamespace),
    source: bundleSource(authority, plan),
    furtherRootsLabel: { key: 'sentinel-mtls.io/further-roots', value: fleet.fleet },
  };
}

function bundleSource(authority: Authority, plan: AuthorityPlan): BundleSource {
  if (authority.roots !== undefined) return withKey(authority.roots);
  if (plan.kind === 'selfSigned') return { secret: plan.root.secretName, key: 'tls.crt' };
  if (plan.kind === 'existing') return { secret: plan.secretName, key: BUNDLE_KEY };
  throw new TypeError('an authority outside of the cluster has no roots');
}

function withKey(roots: RootSource): BundleSource {
  if ('inline' in roots) return roots;
  return 'secret' in roots
    ? { secret: roots.secret, key: roots.key ?? BUNDLE_KEY }
    : { configMap: roots.configMap, key: roots.key ?? BUNDLE_KEY };
}
