import { Buffer } from 'node:buffer';
import { isDnsSubdomain } from '../../pki/index.js';
import { checkDurations, checkRenewal } from './certificate-lifetime.js';
import { isBareEmailAddress, isCidr, isIpAddress, isObjectIdentifier, parseSubject } from './certificate-text.js';
import type { Field } from './field.js';

/** ub-common-name of RFC 5280; the webhook counts bytes too. */
const MOST_COMMON_NAME_BYTES = 64;
/** TotalAnnotationSizeLimitB of Kubernetes: keys and values together. */
const MOST_ANNOTATION_BYTES = 256 * 1024;

const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  RSA: ['SHA256WithRSA', 'SHA384WithRSA', 'SHA512WithRSA'],
  ECDSA: ['ECDSAWithSHA256', 'ECDSAWithSHA384', 'ECDSAWithSHA512'],
  Ed25519: ['PureEd25519'],
};
const SUBJECT_FIELDS = ['organizations', 'countries', 'organizationalUnits', 'localities', 'provinces', 'streetAddresses', 'postalCodes'];
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/;

/** `spec` of a Certificate. */
export function checkCertificate(spec: Field): void {
  const secretName = spec.at('secretName');
  secretName.requireText('the name of a Secret');
  if (secretName.text !== '' && !isDnsSubdomain(secretName.text))
    secretName.report('invalid', 'malformed "secretName"', 'a DNS-1123 subdomain');
  checkIssuerRef(spec.at('issuerRef'));
  checkSubject(spec);
  checkNames(spec);
  checkKey(spec);
  checkDurations(spec);
  const revisions = spec.at('revisionHistoryLimit');
  if (revisions.number !== undefined && revisions.number < 1)
    revisions.report('invalid', '"revisionHistoryLimit" is too small', 'at least 1');
  checkSecretTemplate(spec.at('secretTemplate'));
  checkNameConstraints(spec);
  checkOutputs(spec);
  if (spec.at('renewal').isSet) checkRenewal(spec.at('renewal'));
}

function checkIssuerRef(issuerRef: Field): void {
  issuerRef.at('name').requireText('the name of an Issuer or ClusterIssuer');
  const group = issuerRef.at('group').text;
  const kind = issuerRef.at('kind');
  if ((group === '' || group === 'cert-manager.io') && !['', 'Issuer', 'ClusterIssuer'].includes(kind.text))
    kind.report(
      'invalid',
      `cert-manager has no issuer kind "${kind.text}"`,
      `Issuer or ClusterIssuer${group === '' ? ', or a group beside it' : ''}`,
    );
}

function checkSubject(spec: Field): void {
  const literal = spec.at('literalSubject');
  const commonName = spec.at('commonName');
  let name = commonName;
  let nameText = commonName.text;
  if (literal.text !== '') {
    if (commonName.text !== '') commonName.report('invalid', '"commonName" beside "literalSubject"', 'one of the two');
    const subject = spec.at('subject');
    const used = SUBJECT_FIELDS.some(field => subject.at(field).items.length > 0) || subject.at('serialNumber').text !== '';
    if (used) subject.report('invalid', '"subject" beside "literalSubject"', 'one of the two');
    const parsed = parseSubject(literal.text);
    if (parsed === undefined) literal.report('invalid', 'malformed "literalSubject"', 'a distinguished name as in RFC 4514');
    for (const { type, known, value } of parsed ?? []) {
      if (!known)
        literal.report(
          'invalid',
          `unknown attribute "${type}" in "literalSubject"`,
          'C, O, OU, CN, SERIALNUMBER, L, ST, STREET, DC, UID or an object identifier',
        );
      if (type === 'CN') [name, nameText] = [literal, value];
    }
  }
  const named = ['dnsNames', 'uris', 'emailAddresses', 'ipAddresses', 'otherNames'].some(field => spec.at(field).items.length > 0);
  if (nameText === '' && !named)
    spec.report('invalid', 'the certificate names nobody', 'a commonName, dnsNames, uris, emailAddresses, ipAddresses or otherNames');
  if (Buffer.byteLength(nameText) > MOST_COMMON_NAME_BYTES) name.report('tooLong', 'the common name is too long', 'at most 64 bytes');
}

function checkNames(spec: Field): void {
  for (const address of spec.at('ipAddresses').items)
    if (!isIpAddress(address.text)) address.report('invalid', 'not an IP address', 'an IPv4 or IPv6 address without a zone');
  for (const address of spec.at('emailAddresses').items)
    if (!isBareEmailAddress(address.text)) address.report('invalid', 'not an email address', 'the bare address, such as ops@example.com');
  for (const other of spec.at('otherNames').items) {
    const oid = other.at('oid');
    oid.requireText('an object identifier');
    if (oid.text !== '' && !isObjectIdentifier(oid.text))
      oid.report('invalid', 'malformed "oid"', 'an object identifier such as 1.3.6.1.4.1.311.20.2.3');
    other.at('utf8Value').requireText();
  }
}

function checkKey(spec: Field): void {
  const algorithm = spec.at('privateKey', 'algorithm').text || 'RSA';
  const size = spec.at('privateKey', 'size');
  const bits = size.number ?? 0;
  if (bits > 0 && algorithm === 'RSA' && (bits < 2048 || bits > 8192))
    size.report('invalid', 'RSA key of a refused size', 'from 2048 to 8192');
  if (bits > 0 && algorithm === 'ECDSA' && ![256, 384, 521].includes(bits))
    size.report('notSupported', 'no such ECDSA curve', '256, 384 or 521');
  const signature = spec.at('signatureAlgorithm');
  const allowed = SIGNATURES[algorithm];
  if (signature.text !== '' && allowed && !allowed.includes(signature.text))
    signature.report('invalid', `a key of algorithm ${algorithm} can't sign with ${signature.text}`, allowed.join(', '));
}

function checkSecretTemplate(template: Field): void {
  for (const [key, label] of template.at('labels').entries)
    if (!LABEL_KEY.test(key) || !LABEL_VALUE.test(label.text))
      label.report('invalid', `malformed label "${key}"`, 'a valid label key and value');
  const annotations = template.at('annotations');
  let bytes = 0;
  for (const [key, annotation] of annotations.entries) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(annotation.text);
    if (key.startsWith('cert-manager.io/') && key !== 'cert-manager.io/allow-direct-injection')
      annotation.report('invalid', `annotation "${key}" is cert-manager's own`, 'none of cert-manager.io/* but allow-direct-injection');
    else if (!LABEL_KEY.test(key.toLowerCase()))
      annotation.report('invalid', `malformed annotation key "${key}"`, 'a valid annotation key');
  }
  if (bytes > MOST_ANNOTATION_BYTES)
    annotations.report('tooLong', 'the annotations are too long', `at most ${MOST_ANNOTATION_BYTES} bytes together`);
}

function checkNameConstraints(spec: Field): void {
  const constraints = spec.at('nameConstraints');
  if (!constraints.isSet) return;
  if (spec.at('isCA').value !== true)
    constraints.report('invalid', '"nameConstraints" on a certificate that is no authority', 'isCA: true beside it');
  const sides = [constraints.at('permitted'), constraints.at('excluded')];
  if (!sides.some(side => side.isSet)) constraints.report('invalid', '"nameConstraints" without constraints', 'permitted or excluded');
  for (const range of sides.flatMap(side => side.at('ipRanges').items))
    if (!isCidr(range.text)) range.report('invalid', 'not an address range', 'CIDR notation such as 10.0.0.0/8');
}

function checkOutputs(spec: Field): void {
  const seen = new Set<string>();
  for (const format of spec.at('additionalOutputFormats').items.map(item => item.at('type'))) {
    if (seen.has(format.text)) format.report('duplicate', `output format "${format.text}" stands twice`, 'each format once');
    seen.add(format.text);
  }
  for (const type of ['jks', 'pkcs12']) {
    const store = spec.at('keystores', type);
    if (!store.isSet) continue;
    const password = store.at('password');
    const reference = store.at('passwordSecretRef', 'name').text !== '';
    if (password.isSet === reference)
      store.report(
        'forbidden',
        reference ? 'two passwords for one keystore' : 'no password for the keystore',
        'exactly one of passwordSecretRef and password',
      );
    if (password.isSet && password.text === '')
      password.report('forbidden', 'empty keystore password', 'a password, better a passwordSecretRef');
  }
}
