import type { KubernetesObject } from '../../objects/index.js';
import type { Reader } from '../_reader.js';
import { groupBy, listAt, mapAt, textAt } from '../_values.js';
import { ClusterError } from '../cluster-error.js';
import { FLEET_LABEL } from '../status/index.js';

/** An issuer that signs with the key in a Secret, and what it has signed. */
export interface Signer {
  /** Of the authority itself. */
  readonly certificate: KubernetesObject;
  /** Whether the root signed it, and no authority between. */
  readonly isUnderRoot: boolean;
  /** Certificates of services and others, by issuers that use this authority's Secret. */
  readonly leaves: readonly KubernetesObject[];
}

/** Whose CA it is, and everything that comes from it, whoever it belongs to. */
export interface Subject {
  readonly fleet: string;
  readonly bundle: KubernetesObject;
  /** trust-manager's namespace, which is that of the root. */
  readonly home: string;
  readonly root: Signer;
  /** Authorities below the root, an upper one before a lower one. */
  readonly intermediates: readonly Signer[];
}

const GROUP = 'cert-manager.io';

/** @throws ClusterError when there is no such fleet, or its CA is none that cert-manager can rotate */
export async function findSubject(reader: Reader, home: string, fleet: string | undefined): Promise<Subject> {
  const bundle = chooseBundle(await reader.list('Bundle'), fleet);
  const name = bundle.metadata.labels?.[FLEET_LABEL] ?? '';
  const [issuers, clusterIssuers, certificates] = [
    await reader.list('Issuer'),
    await reader.list('ClusterIssuer'),
    await reader.list('Certificate'),
  ];
  const byIssuer = groupBy(certificates, issuerOf);
  /** Certificates of every issuer that signs with a Secret. */
  const signedWith = (namespace: string, secretName: string): KubernetesObject[] => {
    const signsWith = (issuer: KubernetesObject): boolean => textAt(issuer, 'spec', 'ca', 'secretName') === secretName;
    const keys = [
      ...issuers.filter(issuer => issuer.metadata.namespace === namespace && signsWith(issuer)).map(issuer => keyOf('Issuer', issuer)),
      ...(namespace === home ? clusterIssuers.filter(signsWith).map(issuer => keyOf('ClusterIssuer', issuer)) : []),
    ];
    return keys.flatMap(key => byIssuer.get(key) ?? []);
  };
  const signer = (certificate: KubernetesObject, signed: readonly KubernetesObject[]): Signer => ({
    certificate,
    isUnderRoot: first.includes(certificate),
    leaves: signed.filter(object => !isAuthority(object)),
  });
  const root = rootOf(bundle, home, certificates, [...issuers, ...clusterIssuers], name);
  const first = signedWith(home, textAt(root, 'spec', 'secretName'));
  const intermediates: Signer[] = [];
  const seen = new Set([root]);
  const waiting = first.filter(isAuthority);
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const signed = signedWith(next.metadata.namespace ?? '', textAt(next, 'spec', 'secretName'));
    intermediates.push(signer(next, signed));
    waiting.push(...signed.filter(isAuthority));
  }
  return { fleet: name, bundle, home, root: signer(root, first), intermediates };
}

function chooseBundle(bundles: readonly KubernetesObject[], fleet: string | undefined): KubernetesObject {
  const ours = bundles.filter(({ metadata }) => metadata.labels?.[FLEET_LABEL] !== undefined);
  const meant = ours.filter(({ metadata }) => fleet === undefined || metadata.labels?.[FLEET_LABEL] === fleet);
  const [only, ...others] = meant;
  const names = ours.map(({ metadata }) => metadata.labels?.[FLEET_LABEL]).join(', ') || 'none';
  if (only === undefined)
    throw new ClusterError(
      'CLUSTER_CONFIG',
      fleet === undefined ? 'no Bundle of a fleet is in the cluster' : `no Bundle has the label ${FLEET_LABEL}=${fleet}`,
      `fleets with a Bundle: ${names}`,
    );
  if (others.length > 0) throw new ClusterError('CLUSTER_CONFIG', 'the cluster has several fleets', `choose one with --fleet: ${names}`);
  return only;
}

/** The Certificate whose Secret the Bundle takes as its root. */
function rootOf(
  bundle: KubernetesObject,
  home: string,
  certificates: readonly KubernetesObject[],
  issuers: readonly KubernetesObject[],
  fleet: string,
): KubernetesObject {
  const source = listAt(bundle, 'spec', 'sources').find(entry => textAt(entry, 'secret', 'name') !== '');
  const secretName = textAt(source, 'secret', 'name');
  const root =
    secretName === ''
      ? undefined
      : certificates.find(
          object => object.metadata.namespace === home && textAt(object, 'spec', 'secretName') === secretName && isAuthority(object),
        );
  const issuer = root && issuers.find(each => keyOf(each.kind, each) === issuerOf(root));
  if (root !== undefined && issuer !== undefined && Object.hasOwn(mapAt(issuer, 'spec'), 'selfSigned')) return root;
  const elsewhere = certificates.find(
    object => secretName !== '' && textAt(object, 'spec', 'secretName') === secretName && isAuthority(object) && object !== root,
  );
  if (root === undefined && elsewhere !== undefined)
    throw new ClusterError(
      'CLUSTER_CONFIG',
      `no Certificate in ${home} writes Secret ${secretName}, which Bundle ${bundle.metadata.name} takes as its root`,
      `${elsewhere.metadata.namespace}/${elsewhere.metadata.name} does: if trust-manager's sources are there, --cert-manager-namespace ${elsewhere.metadata.namespace}`,
    );
  const signer = issuers.find(({ metadata }) => metadata.name === `${fleet}-ca-issuer`);
  throw new ClusterError(
    'CLUSTER_CONFIG',
    `cert-manager does not make the root of fleet ${fleet}: ${whoRotates(signer)}`,
    howElse(fleet, home),
  );
}

function whoRotates(issuer: KubernetesObject | undefined): string {
  const spec = mapAt(issuer, 'spec');
  if (Object.hasOwn(spec, 'vault')) return 'Vault signs, and whoever runs its PKI mount rotates the root there';
  if (Object.hasOwn(spec, 'ca')) return `whoever made Secret ${textAt(spec, 'ca', 'secretName')} rotates it`;
  return 'an issuer of somebody else signs, and whoever runs it rotates its root';
}

const howElse = (fleet: string, home: string): string =>
  `in this order: put the coming root beside the old one, as a ConfigMap in ${home} with the label sentinel-mtls.io/further-roots=${fleet}; ` +
  'let every process load it; let the authority sign with the new key; sentinel-mtls renew --all --wait; take the old root away';

const isAuthority = (object: KubernetesObject): boolean => mapAt(object, 'spec').isCA === true;

const keyOf = (kind: string, { metadata }: KubernetesObject): string =>
  kind === 'ClusterIssuer' ? `ClusterIssuer/${metadata.name}` : `Issuer/${metadata.namespace ?? ''}/${metadata.name}`;

function issuerOf(certificate: KubernetesObject): string | undefined {
  const reference = mapAt(certificate, 'spec', 'issuerRef');
  if ((textAt(reference, 'group') || GROUP) !== GROUP) return undefined;
  const name = textAt(reference, 'name');
  return textAt(reference, 'kind') === 'ClusterIssuer' ? `ClusterIssuer/${name}` : `Issuer/${certificate.metadata.namespace ?? ''}/${name}`;
}
