import type { Finding } from '../check/lint/index.js';
import { printableLine } from './printable.js';

const SHOWN = 120;
// what may stand behind such a key is nobody's business in a report
const SECRET_KEY =
  /(?:pass(?:word|wd|phrase)?|token|secret|credential|private-?key|api-?key|key\.pem|tls\.key|client-key|stringData)["']?\s*:/i;
/** Names of fields that hold names, not secrets. */
const HARMLESS_KEY =
  /(?:secretName|secretRef|secretKeyRef|tokenSecretRef|passwordSecretRef|privateKeySecretRef|privateKey|privateKeyRotationPolicy|automountServiceAccountToken|tokenRequest\w*|secretTemplate|secret)["']?\s*:\s*(?:[#{[].*)?$|secretName["']?\s*:/i;
const LONG_BASE64 = /[A-Za-z0-9+/=_-]{48,}/;

/** One line of a source as a finding shows it, with marks under the field; never the value of a secret. */
export function sourceLine(line: string, finding: Finding): { readonly text: string; readonly marks: string } {
  const { column, endColumn } = finding;
  const hidden = isSecret(line, finding)
    ? `${line.slice(0, endColumn - 1)}${line.charAt(endColumn - 1) === ':' ? ': ' : ' '}(not shown)`
    : line;
  const text = printableLine(hidden.replaceAll('\t', ' '), SHOWN);
  const length = Math.max(1, Math.min(endColumn, SHOWN) - column);
  return { text, marks: column > SHOWN ? '' : `${' '.repeat(column - 1)}${'^'.repeat(length)}` };
}

/** A variable of the wrong type is often a password that looks like a number. */
const VARIABLE = /\benv\[\d+\]\.value$/;

function isSecret(line: string, { object, path, code }: Finding): boolean {
  if (code === 'SMT-S001' && VARIABLE.test(path)) return true;
  if (line.includes('-----BEGIN') || LONG_BASE64.test(line)) return true;
  if (object.startsWith('Secret ')) return !/^\s*(?:apiVersion|kind|metadata|name|namespace|type|data|stringData):/.test(line);
  return SECRET_KEY.test(line) && !HARMLESS_KEY.test(line);
}
