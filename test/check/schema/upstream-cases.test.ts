import { Buffer } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { admissionProblems } from '../../../lib/check/schema/cert-manager.js';
import { checkObject } from '../../../lib/check/schema/index.js';

/** The tables of cert-manager's own webhook tests, as data. They are not part of the project. */
const folder = join(__dirname, '../../../../shared/cases/cert-manager');
const present = existsSync(folder);
if (!present) process.stderr.write(`skipped: the cases of cert-manager's webhook tests, because ${folder} does not exist\n`);
const withCases = present ? describe : (name: string, _: () => void) => test.skip(name, () => undefined);

interface Expected {
  readonly type: string;
  readonly field: string;
}
interface CertificateCase {
  readonly name: string;
  readonly scope: string;
  readonly certificateSpec: unknown;
  readonly expectErrors: readonly Expected[];
  readonly featureGates?: Readonly<Record<string, boolean>>;
}
interface IssuerCase {
  readonly name: string;
  readonly fragmentOf: string;
  readonly fragment: unknown;
  readonly expectErrors: readonly Expected[];
}

function cases<T>(file: string): T[] {
  if (!present) return [];
  return JSON.parse(readFileSync(join(folder, file), 'utf8'), (_, value) => {
    if (Array.isArray(value?.$repeat)) return String(value.$repeat[0]).repeat(value.$repeat[1]);
    return typeof value === 'string' && value.startsWith('$bytes:') ? Buffer.from(value.slice(7)).toString('base64') : value;
  }) as T[];
}

/** Fields that a feature gate opens; upstream also tests them closed. */
const GATED: Readonly<Record<string, string>> = {
  NameConstraints: 'spec.nameConstraints',
  LiteralCertificateSubject: 'spec.literalSubject',
};

/** `spec.a[0].b`; the key of a map and the index of a duplicate are more than upstream says. */
const field = (path: readonly (string | number)[]): string =>
  path
    .map(part => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .slice(1)
    .replace(/^(spec\.secretTemplate\.(labels|annotations))\..*/, '$1')
    .replace(/additionalOutputFormats\[\d+\]\.type/, 'additionalOutputFormats[type]');
const typeOf = (kind: string): string => kind.charAt(0).toUpperCase() + kind.slice(1);

withCases('cert-manager TestValidateCertificate', () => {
  const all = cases<CertificateCase>('validation.json');
  // our rules hold the gates at their defaults, which are on
  const judged = all.filter(({ expectErrors, featureGates = {} }) => {
    const off = Object.keys(featureGates).filter(gate => featureGates[gate] === false);
    return !expectErrors.some(({ type, field: at }) => type === 'Forbidden' && off.some(gate => GATED[gate] === at));
  });
  test('all cases are judged but the two with a gate closed', () => {
    expect(all).toHaveLength(98);
    expect(all.length - judged.length).toBe(2);
  });

  test.each(judged.map(entry => [entry.name, entry] as const))('%s', (_, { scope, certificateSpec, expectErrors }) => {
    const object = { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { name: 'a' }, spec: certificateSpec };
    // unknown usages and algorithms are refused by the schema before the webhook sees them, under another type
    const bySchema = checkObject(object).filter(({ kind }) => kind === 'notSupported');
    const problems = [
      ...admissionProblems('cert-manager.io/v1', 'Certificate', object),
      ...bySchema.filter(({ path }) => !/^(type|size)$/.test(String(path.at(-1)))),
    ];
    const scoped = problems.filter(({ kind, path }) =>
      scope === 'duration fields only'
        ? /duration|renewBefore/.test(String(path.at(-1)))
        : scope === 'whole Certificate' || kind === 'duplicate',
    );
    const found = scoped.map(({ kind, path }) => `${field(path)} ${/usages|algorithm$/.test(field(path)) ? 'Invalid' : typeOf(kind)}`);
    expect(found.sort()).toEqual(expectErrors.map(({ field: at, type }) => `${at} ${type}`).sort());
  });
});

withCases('cert-manager TestValidateIssuer', () => {
  const all = cases<IssuerCase>('issuer-validation.json');
  const wrap: Readonly<Record<string, (fragment: unknown) => { spec: unknown; at: string }>> = {
    spec: fragment => ({ spec: fragment, at: 'spec' }),
    'spec.vault': fragment => ({ spec: { vault: fragment }, at: 'spec.vault' }),
    'spec.vault.auth': fragment => ({ spec: { vault: { server: 's', path: 'p', auth: fragment } }, at: 'spec.vault.auth' }),
    'a secretKeySelector': fragment => ({
      spec: { acme: { server: 's', privateKeySecretRef: { name: 'k' }, externalAccountBinding: { keyID: 'i', keySecretRef: fragment } } },
      at: 'spec.acme',
    }),
  };
  // upstream's names of two fields in messages are not their names in the API
  const last = (path: string): string =>
    (path.split('.').at(-1) ?? '')
      .replace('ocspServer[', 'ocspServers[')
      .replace(/^mountPath$/, 'path')
      .replace('None', 'spec');

  test('all cases are judged', () => {
    expect(all).toHaveLength(41);
    expect(all.filter(({ fragmentOf }) => !wrap[fragmentOf])).toEqual([]);
  });

  test.each(all.map(entry => [`${entry.fragmentOf}: ${entry.name}`, entry] as const))('%s', (_, { fragmentOf, fragment, expectErrors }) => {
    const { spec, at } = wrap[fragmentOf]?.(fragment) ?? { spec: undefined, at: '' };
    const problems = admissionProblems('cert-manager.io/v1', 'Issuer', { spec });
    const found = problems.filter(({ path }) => field(path).startsWith(at)).map(({ kind, path }) => `${last(field(path))} ${typeOf(kind)}`);
    expect(found.sort()).toEqual(expectErrors.map(({ field: path, type }) => `${last(path)} ${type}`).sort());
  });
});
