// Makes the certificates of vectors/certificates.json: node conformance/issue.mjs DIR
import { KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

const USAGE = x509.KeyUsageFlags;
const EKU = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' };

const algorithmOf = (key, hash = 'SHA-256') => {
  const [kind, size] = key.split('-');
  if (kind === 'RSA') return { name: 'RSASSA-PKCS1-v1_5', hash, modulusLength: Number(size), publicExponent: new Uint8Array([1, 0, 1]) };
  if (kind === 'P') return { name: 'ECDSA', namedCurve: key, hash: key === 'P-384' ? 'SHA-384' : hash };
  if (key === 'Ed25519') return { name: 'Ed25519' };
  throw new Error(`unknown kind of key ${key}`);
};

/** An RSA key of WebCrypto signs with the one hash that it was made for, so another hash needs another object. */
async function signingKey(key, kind, hash) {
  if (!kind.startsWith('RSA') || !hash || hash === 'SHA-256') return key;
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return webcrypto.subtle.importKey('pkcs8', der, algorithmOf(kind, hash), false, ['sign']);
}

/** RFC 5280 4.2.1.10: NameConstraints with permitted DNS names, which the library has no class for. */
function permittedDns(names) {
  const tlv = (tag, bytes) => Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
  const trees = names.map(name => tlv(0x30, tlv(0x82, Buffer.from(name, 'latin1'))));
  return new x509.Extension('2.5.29.30', true, tlv(0x30, tlv(0xa0, Buffer.concat(trees))));
}

function extensionsOf(recipe) {
  const extensions = [new x509.BasicConstraintsExtension(recipe.isCa, recipe.pathLength ?? undefined, true)];
  if (recipe.keyUsage)
    extensions.push(
      new x509.KeyUsagesExtension(
        recipe.keyUsage.reduce((bits, name) => bits | USAGE[name], 0),
        true,
      ),
    );
  if (recipe.eku) extensions.push(new x509.ExtendedKeyUsageExtension(recipe.eku.map(name => EKU[name])));
  if (recipe.permittedDns) extensions.push(permittedDns(recipe.permittedDns));
  const names = [
    ...(recipe.dns ?? []).map(value => ({ type: 'dns', value })),
    ...(recipe.uris ?? []).map(value => ({ type: 'url', value })),
    ...(recipe.ips ?? []).map(value => ({ type: 'ip', value })),
  ];
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names, recipe.namesCritical ?? recipe.subject === ''));
  return extensions;
}

/**
 * Makes everything in memory.
 *
 * @returns Map of name to { certificate: PEM, chain: PEM with intermediates, key: PEM }
 */
export async function issueAll(document, now = Date.now()) {
  const { defaults, authorities, leaves } = document;
  const recipes = new Map();
  for (const [name, recipe] of Object.entries(authorities)) recipes.set(name, { ...defaults.authority, ...recipe });
  for (const [name, recipe] of Object.entries(leaves)) recipes.set(name, { ...defaults.leaf, ...recipe });
  const keys = new Map();
  const made = new Map();

  const keyOf = name => {
    const recipe = recipes.get(name);
    if (recipe.keyOf) return keyOf(recipe.keyOf);
    if (!keys.has(name)) keys.set(name, webcrypto.subtle.generateKey(algorithmOf(recipe.key), true, ['sign', 'verify']));
    return keys.get(name);
  };
  const make = name => {
    if (!made.has(name)) made.set(name, issue(name));
    return made.get(name);
  };
  async function issue(name) {
    const recipe = recipes.get(name);
    if (!recipe) throw new Error(`no recipe of the name ${name}`);
    const subject = recipe.subject.replace('<name>', name);
    const issuer = recipe.issuer ? await make(recipe.issuer) : undefined;
    const pair = await keyOf(name);
    const signer = recipe.issuer ? await keyOf(recipe.issuer) : pair;
    const signerRecipe = recipe.issuer ? recipes.get(recipe.issuer) : recipe;
    const certificate = await x509.X509CertificateGenerator.create({
      subject: new x509.Name(subject),
      issuer: issuer ? issuer.parsed.subjectName : new x509.Name(subject),
      // whole seconds, as X.509 keeps them
      notBefore: new Date(Math.floor(now / 1000 + recipe.notBefore) * 1000),
      notAfter: new Date(Math.floor(now / 1000 + recipe.notAfter) * 1000),
      publicKey: pair.publicKey,
      signingKey: await signingKey(signer.privateKey, signerRecipe.key, recipe.hash),
      signingAlgorithm: algorithmOf(signerRecipe.key, recipe.hash),
      extensions: [
        ...extensionsOf({ ...recipe, subject }),
        await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
        ...(issuer ? [await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey)] : []),
      ],
    });
    const pem = `${certificate.toString('pem').trimEnd()}\n`;
    const key = KeyObject.from(pair.privateKey).export({ type: 'pkcs8', format: 'pem' });
    return {
      parsed: certificate,
      certificate: pem,
      // the issuer's chain without its root
      chain: pem + (issuer && recipes.get(recipe.issuer).issuer ? issuer.chain : ''),
      key,
      der: new X509Certificate(pem).raw,
    };
  }
  const entries = await Promise.all([...recipes.keys()].map(async name => [name, await make(name)]));
  return new Map(entries);
}

const here = fileURLToPath(new URL('.', import.meta.url));
/** The recipe that is committed beside this file. */
export const readRecipe = () => JSON.parse(readFileSync(join(here, 'vectors/certificates.json'), 'utf8'));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (!folder) {
    console.error('usage: node conformance/issue.mjs DIR');
    process.exit(2);
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, { certificate, chain, key }] of await issueAll(readRecipe())) {
    writeFileSync(join(folder, `${name}.crt`), certificate);
    writeFileSync(join(folder, `${name}.chain.crt`), chain);
    writeFileSync(join(folder, `${name}.key`), key, { mode: 0o600 });
  }
}
