import { isDnsSubdomain } from '../../pki/index.js';
import type { Issue, Path } from '../issue.js';
import { show } from '../structure.js';
import type { SecretKeyRef, VaultAuthority } from '../types.js';

/** Key of a Secret or ConfigMap, as Kubernetes has it. */
export const isDataKey = (text: string): boolean => /^[-._a-zA-Z0-9]{1,253}$/.test(text);
export const DATA_KEY_EXPECTED = 'expected letters, digits, dashes, dots and underscores';

function* secretKey(reference: SecretKeyRef | undefined, path: Path): Iterable<Issue> {
  if (reference === undefined) return;
  if (!isDnsSubdomain(reference.name))
    yield {
      path: [...path, 'name'],
      message: `name of the Secret is ${show(reference.name)}`,
      notes: ['expected lower-case letters, digits, dashes and dots'],
    };
  if (!isDataKey(reference.key))
    yield { path: [...path, 'key'], message: `key of the Secret is ${show(reference.key)}`, notes: [DATA_KEY_EXPECTED] };
}

/** Path dialects differ between fields of one issuer: `path` without /v1, `mountPath` with it (cert-manager internal/vault). */
export function* vaultRules(vault: VaultAuthority, path: Path): Iterable<Issue> {
  if (!/^https:\/\/[\w.[\]:-]+(?:\/[\w./-]*)?$/.test(vault.server))
    yield {
      path: [...path, 'server'],
      message: `server is ${show(vault.server)}`,
      notes: ['expected https://<host>: without TLS the token and every answer can be read and changed on the way'],
    };
  if (!/^[\w.-]+(?:\/[\w.-]+)*\/sign\/[\w.-]+$/.test(vault.path) || vault.path.startsWith('v1/') || vault.path.split('/').includes('..')) {
    yield {
      path: [...path, 'path'],
      message: `path is ${show(vault.path)}`,
      notes: [
        'expected <mount>/sign/<role>, without /v1 and without a slash in front: issue would make a key of its own, sign-verbatim skips the role',
      ],
    };
  }
  if (vault.caBundle !== undefined && vault.caBundleSecret !== undefined)
    yield {
      path: [...path, 'caBundle'],
      atKey: true,
      message: 'caBundle and caBundleSecret exclude each other',
      notes: ['remove one of them'],
    };
  if (vault.caBundle !== undefined && !Buffer.from(vault.caBundle, 'base64').toString('latin1').includes('-----BEGIN CERTIFICATE-----')) {
    yield {
      path: [...path, 'caBundle'],
      message: 'caBundle is no base64 of a PEM certificate',
      notes: ['make it with: base64 -w0 ca.pem'],
    };
  }
  const auth = vault.auth;
  const kinds = ['kubernetes', 'appRole'].filter(kind => kind in auth);
  if (kinds.length !== 1)
    yield {
      path: [...path, 'auth'],
      message: kinds.length === 0 ? 'auth is empty' : 'auth has two methods: kubernetes, appRole',
      notes: ['expected exactly one of: kubernetes, appRole'],
    };
  if ('kubernetes' in auth && auth.kubernetes.mountPath !== undefined && !/^\/v1\/auth\/[\w./-]+$/.test(auth.kubernetes.mountPath)) {
    yield {
      path: [...path, 'auth', 'kubernetes', 'mountPath'],
      message: `mountPath is ${show(auth.kubernetes.mountPath)}`,
      notes: ['expected /v1/auth/<mount>: this field, unlike path, has /v1 in it'],
    };
  }
  // these end in files that a person pastes into a shell or gives to Vault
  const words: readonly (readonly [string | undefined, Path])[] = [
    [vault.namespace, [...path, 'namespace']],
    ...('kubernetes' in auth
      ? ([[auth.kubernetes.role, [...path, 'auth', 'kubernetes', 'role']]] as const)
      : ([[auth.appRole?.path, [...path, 'auth', 'appRole', 'path']]] as const)),
  ];
  for (const [word, at] of words) {
    if (word !== undefined && !/^[\w./-]+$/.test(word))
      yield {
        path: at,
        message: `${String(at.at(-1))} is ${show(word)}`,
        notes: ['expected letters, digits, dashes, dots, underscores and slashes'],
      };
  }
  if ('appRole' in auth && auth.appRole.path !== undefined && /^\/|^v1\/|^auth\//.test(auth.appRole.path)) {
    yield {
      path: [...path, 'auth', 'appRole', 'path'],
      message: `path of appRole is ${show(auth.appRole.path)}`,
      notes: ['expected the bare mount, such as approle'],
    };
  }
  yield* secretKey(vault.caBundleSecret, [...path, 'caBundleSecret']);
  if ('appRole' in auth) yield* secretKey(auth.appRole.secret, [...path, 'auth', 'appRole', 'secret']);
  if ('kubernetes' in auth && auth.kubernetes.serviceAccount !== undefined && !isDnsSubdomain(auth.kubernetes.serviceAccount))
    yield {
      path: [...path, 'auth', 'kubernetes', 'serviceAccount'],
      message: `serviceAccount is ${show(auth.kubernetes.serviceAccount)}`,
      notes: ['expected lower-case letters, digits, dashes and dots'],
    };
}
