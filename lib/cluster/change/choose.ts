import type { KubernetesObject } from '../../objects/index.js';
import { mapAt, textAt } from '../_values.js';
import { ClusterError } from '../cluster-error.js';
import type { Api } from '../read/index.js';
import { DOCTOR_RESOURCES, takeSnapshot } from '../snapshot/index.js';
import { FLEET_LABEL } from '../status/index.js';

/** Which Certificates are to be renewed. */
export interface Choice {
  /** Services of a fleet, or names of Certificates. */
  readonly names: readonly string[];
  /** Those of every fleet. */
  readonly all: boolean;
  /** Those of one issuer, of whatever fleet. */
  readonly issuer?: string | undefined;
  /** @default all */
  readonly namespaces?: readonly string[] | undefined;
}

const CERTIFICATES = DOCTOR_RESOURCES.filter(({ kind }) => kind === 'Certificate');

/**
 * Certificates in the order of their names. Authorities are chosen only by name: with a new key all that they signed is to be renewed.
 *
 * @throws ClusterError when they may not be listed, or a name is not there
 */
export async function chooseCertificates(api: Api, choice: Choice): Promise<readonly KubernetesObject[]> {
  const { header, objects } = await takeSnapshot(
    api,
    CERTIFICATES,
    choice.namespaces === undefined ? {} : { namespaces: choice.namespaces },
  );
  const [gap] = header.gaps;
  if (gap !== undefined)
    throw new ClusterError(
      'CLUSTER_REFUSED',
      `Certificates can't be listed: ${gap.message}`,
      'name namespaces with -n; sentinel-mtls rbac renew prints the rights',
    );
  const all = [...objects].sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
  const missing = choice.names.filter(name => !all.some(object => isNamed(object, name)));
  if (missing.length > 0)
    throw new ClusterError(
      'CLUSTER_CONFIG',
      `there is no Certificate ${missing.join(', ')}, nor one of a service of that name`,
      'see sentinel-mtls status --all',
    );
  return all.filter(object => choice.names.some(name => isNamed(object, name)) || (!isAuthority(object) && isMeant(object, choice)));
}

export const keyOf = ({ metadata: { namespace = '', name } }: KubernetesObject): string => `${namespace}/${name}`;

/** A service's own certificate, and that of its public names. */
function isNamed({ metadata }: KubernetesObject, name: string): boolean {
  const isOfService = metadata.labels?.[FLEET_LABEL] !== undefined && [`${name}-tls`, `${name}-public-tls`].includes(metadata.name);
  return metadata.name === name || isOfService;
}

const isAuthority = (object: KubernetesObject): boolean => mapAt(object, 'spec').isCA === true;

function isMeant(object: KubernetesObject, { all, issuer }: Choice): boolean {
  if (issuer !== undefined) return textAt(object, 'spec', 'issuerRef', 'name') === issuer;
  return all && object.metadata.labels?.[FLEET_LABEL] !== undefined;
}
