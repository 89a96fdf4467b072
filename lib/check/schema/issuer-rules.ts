import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { isDnsSubdomain } from '../../pki/index.js';
import type { Field } from './field.js';
import { NEWEST_CERT_MANAGER } from './versions.js';

/** The first minor versions of cert-manager with a rule. */
const REFUSES_DOT_DOT = 21;
const ONE_INGRESS_CHOICE = 19;
const PARENT_MAY_BE_LEFT_OUT = 20;

const TYPES = ['acme', 'ca', 'selfSigned', 'vault', 'venafi'];
const DNS01_PROVIDERS = ['akamai', 'azureDNS', 'cloudDNS', 'cloudflare', 'route53', 'acmeDNS', 'digitalocean', 'rfc2136', 'webhook'];
const VAULT_AUTH = ['appRole', 'kubernetes', 'tokenSecretRef', 'clientCertificate', 'aws'];

/** `spec` of an Issuer or ClusterIssuer. The fields of single DNS-01 providers are left to the CRD. */
export function checkIssuer(spec: Field, minor = NEWEST_CERT_MANAGER): void {
  const [type, ...others] = TYPES.filter(name => spec.at(name).isSet);
  if (type === undefined) spec.report('required', 'the issuer has no type', `one of ${TYPES.join(', ')}`);
  for (const other of others) spec.at(other).report('forbidden', `a second issuer type beside "${type}"`, 'one issuer type');
  if (type === 'acme') checkAcme(spec.at('acme'), minor);
  if (type === 'ca') checkCa(spec.at('ca'));
  if (type === 'vault') checkVault(spec.at('vault'), minor);
  if (type === 'venafi') checkVenafi(spec.at('venafi'));
}

/** `spec.ca` */
function checkCa(ca: Field): void {
  ca.at('secretName').requireText('the name of the Secret with tls.crt and tls.key');
  for (const list of ['ocspServers', 'issuingCertificateURLs'])
    for (const url of ca.at(list).items) if (url.text === '') url.report('invalid', 'empty URL', 'a URL such as http://ca.example.com');
}

/** `spec.vault` */
function checkVault(vault: Field, minor: number): void {
  vault.at('server').requireText('the URL of the Vault server');
  vault.at('path').requireText('the path of the signing role, such as pki/sign/leaf');
  if (minor >= REFUSES_DOT_DOT) refuseDotDot(vault.at('path'));
  const bundle = vault.at('caBundle');
  if (bundle.text !== '' && !holdsCertificate(bundle.text))
    bundle.report('invalid', 'no certificate in "caBundle"', 'base64 of PEM certificates');
  if (bundle.text !== '' && vault.at('caBundleSecretRef').isSet)
    for (const field of [bundle, vault.at('caBundleSecretRef')])
      field.report('invalid', '"caBundle" beside "caBundleSecretRef"', 'one of the two');
  const [certificate, key] = [vault.at('clientCertSecretRef'), vault.at('clientKeySecretRef')];
  for (const [one, other] of [
    [certificate, key],
    [key, certificate],
  ] as const)
    if (one.isSet && !other.isSet) other.report('invalid', `"${one.path.at(-1)}" without "${other.path.at(-1)}"`, 'both or neither');
  checkVaultAuth(vault.at('auth'), minor);
}

/** `spec.vault.auth`. More than one method is accepted, as the webhook does: old objects have it. */
function checkVaultAuth(auth: Field, minor: number): void {
  if (!VAULT_AUTH.some(method => auth.at(method).isSet))
    auth.report('required', 'no way to log in to Vault', `one of ${VAULT_AUTH.join(', ')}`);
  const [appRole, kubernetes, aws] = [auth.at('appRole'), auth.at('kubernetes'), auth.at('aws')];
  if (minor >= REFUSES_DOT_DOT)
    for (const path of [appRole.at('path'), auth.at('clientCertificate', 'mountPath'), kubernetes.at('mountPath'), aws.at('mountPath')])
      refuseDotDot(path);
  if (appRole.isSet) {
    appRole.at('roleId').requireText();
    appRole.at('secretRef', 'name').requireText('the name of a Secret');
  }
  if (kubernetes.isSet) {
    kubernetes.at('role').requireText("the Vault role of cert-manager's ServiceAccount");
    const account = kubernetes.at('serviceAccountRef');
    if (account.isSet) account.at('name').requireText('the name of a ServiceAccount');
    const methods = Number(account.isSet) + Number(kubernetes.at('secretRef', 'name').text !== '');
    if (methods !== 1)
      kubernetes.report(
        methods === 0 ? 'required' : 'forbidden',
        `${methods} sources of a ServiceAccount token`,
        'exactly one of secretRef, serviceAccountRef',
      );
  }
  if (aws.isSet) {
    aws.at('role').requireText();
    const account = aws.at('serviceAccountRef');
    if (account.isSet) account.at('name').requireText('the name of a ServiceAccount');
    if (account.isSet) aws.at('iamRoleArn').requireText('the role that the ServiceAccount assumes');
  }
}

function checkVenafi(venafi: Field): void {
  venafi.at('zone').requireText();
  const [tpp, ngts] = [venafi.at('tpp'), venafi.at('ngts')];
  if (tpp.isSet) tpp.at('url').requireText('the URL of the TPP server');
  if (tpp.at('caBundle').text !== '' && tpp.at('caBundleSecretRef').isSet)
    tpp.report('forbidden', '"caBundle" beside "caBundleSecretRef"', 'one of the two');
  if (ngts.isSet) ngts.at('tsgID').requireText();
  if (ngts.isSet) ngts.at('credentialsRef', 'name').requireText('the name of a Secret');
}

function checkAcme(acme: Field, minor: number): void {
  acme.at('privateKeySecretRef', 'name').requireText('the name of a Secret for the account key');
  acme.at('server').requireText('the URL of the ACME directory');
  const bundle = acme.at('caBundle');
  if (bundle.text !== '' && acme.at('skipTLSVerify').value === true)
    for (const field of [bundle, acme.at('skipTLSVerify')]) field.report('invalid', '"caBundle" beside "skipTLSVerify"', 'one of the two');
  if (bundle.text !== '' && !holdsCertificate(bundle.text))
    bundle.report('invalid', 'no certificate in "caBundle"', 'base64 of PEM certificates');
  const binding = acme.at('externalAccountBinding');
  if (binding.isSet) {
    binding.at('keyID').requireText();
    checkSecretKeySelector(binding.at('keySecretRef'));
  }
  for (const solver of acme.at('solvers').items) checkSolver(solver, minor);
}

/** A reference to one key of a Secret. */
function checkSecretKeySelector(selector: Field): void {
  selector.at('name').requireText('the name of a Secret');
  selector.at('key').requireText('a key of the Secret');
}

function checkSolver(solver: Field, minor: number): void {
  const [http, dns] = [solver.at('http01'), solver.at('dns01')];
  if (http.isSet && dns.isSet) solver.report('forbidden', 'two challenge types in one solver', 'http01 or dns01');
  if (!http.isSet && !dns.isSet) solver.report('required', 'a solver without a challenge type', 'http01 or dns01');
  if (http.isSet && http.at('ingress').isSet === http.at('gatewayHTTPRoute').isSet)
    http.report('required', 'HTTP-01 needs exactly one way in', 'ingress or gatewayHTTPRoute');
  const ingress = http.at('ingress');
  const choices = ['class', 'ingressClassName', 'name'].filter(field => ingress.at(field).isSet).length;
  if (choices > (minor >= ONE_INGRESS_CHOICE ? 1 : 2))
    ingress.report('forbidden', 'more than one choice of ingress', 'one of class, ingressClassName, name');
  const className = ingress.at('ingressClassName');
  if (className.isSet && !isDnsSubdomain(className.text))
    className.report('invalid', 'malformed "ingressClassName"', 'a DNS-1123 subdomain');
  for (const way of [ingress, http.at('gatewayHTTPRoute')]) {
    const type = way.at('serviceType');
    if (!['', 'ClusterIP', 'NodePort'].includes(type.text))
      type.report('invalid', 'refused service type of the solver', 'ClusterIP or NodePort');
  }
  checkGateway(http.at('gatewayHTTPRoute'), minor);
  const wait = solver.at('waitInsteadOfSelfCheck');
  if (wait.text.startsWith('-')) wait.report('invalid', '"waitInsteadOfSelfCheck" is negative', 'a duration of 0 or more');
  if (!dns.isSet) return;
  const [provider, ...others] = DNS01_PROVIDERS.filter(name => dns.at(name).isSet);
  if (provider === undefined) dns.report('required', 'DNS-01 without a provider', `one of ${DNS01_PROVIDERS.join(', ')}`);
  for (const other of others) dns.at(other).report('forbidden', `a second DNS-01 provider beside "${provider}"`, 'one provider');
}

/** `http01.gatewayHTTPRoute`: a parent is named by kind and name, or comes from an annotation. */
function checkGateway(route: Field, minor: number): void {
  if (!route.isSet) return;
  const parents = route.at('parentRefs');
  if (minor < PARENT_MAY_BE_LEFT_OUT) {
    if (parents.items.length === 0) parents.report('required', '"parentRefs" is missing or empty', 'at least one parent');
    return;
  }
  for (const parent of parents.items) {
    const [name, kind] = [parent.at('name'), parent.at('kind')];
    if (kind.isSet && name.text === '') name.requireText('the name of the parent');
    if (name.text !== '' && !kind.isSet) kind.requireText('the kind of the parent');
  }
}

function refuseDotDot(path: Field): void {
  if (path.text.split('/').includes('..')) path.report('invalid', 'a ".." in a Vault path', 'a path without ".." segments');
}

/** Go's CertPool.AppendCertsFromPEM: at least one certificate that parses, the others may be broken. */
function holdsCertificate(base64: string): boolean {
  const text = Buffer.from(base64, 'base64').toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.some(block => {
    try {
      return new X509Certificate(block) !== undefined;
    } catch {
      return false;
    }
  });
}
