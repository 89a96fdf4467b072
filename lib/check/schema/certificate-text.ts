import { isIP } from 'node:net';

/** Go's net.ParseIP: no zone, no leading zeros. */
export const isIpAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes('%');

/** Go's net.ParseCIDR. */
export function isCidr(text: string): boolean {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match?.[1] ?? '';
  return isIpAddress(address) && Number(match?.[2]) <= (isIP(address) === 4 ? 32 : 128);
}

/** Dot-separated integers, as cert-manager's ParseObjectIdentifier reads them. */
export const isObjectIdentifier = (text: string): boolean => /^\d+(\.\d+)*$/.test(text);

// atext of RFC 5322, and everything beyond ASCII, as Go's net/mail takes it
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-\\u0080-\\u{10ffff}]+";
const BARE_ADDRESS = new RegExp(`^${ATOM}(\\.${ATOM})*@${ATOM}(\\.${ATOM})*$`, 'u');

/** An address that Go's mail.ParseAddress gives back unchanged: no name, no angle brackets, no quotes. */
export const isBareEmailAddress = (text: string): boolean => BARE_ADDRESS.test(text);

const ATTRIBUTES = new Set(['C', 'O', 'OU', 'CN', 'SERIALNUMBER', 'L', 'ST', 'STREET', 'DC', 'UID']);

export interface SubjectAttribute {
  readonly type: string;
  /** Whether cert-manager can encode it: a name that it knows, or an object identifier. */
  readonly known: boolean;
  readonly value: string;
}

/** The attributes of a distinguished name (RFC 4514), or undefined when it is none. */
export function parseSubject(text: string): SubjectAttribute[] | undefined {
  // an escape is a backslash and two hex digits, or a backslash and one character
  const parts = text.match(/(?:\\[0-9A-Fa-f]{2}|\\.|[^\\,;+])+/gsu) ?? [];
  const separators = text.replace(/\\[0-9A-Fa-f]{2}|\\./gsu, '').match(/[,;+]/g)?.length ?? 0;
  if (parts.length !== separators + 1) return undefined;
  const attributes: SubjectAttribute[] = [];
  for (const part of parts) {
    const match = /^\s*([A-Za-z0-9.-]+)\s*=(.*)$/su.exec(part);
    if (!match) return undefined;
    const type = match[1] ?? '';
    const value = (match[2] ?? '')
      .trim()
      .replace(/\\([0-9A-Fa-f]{2})|\\(.)/gsu, (_, hex, char) => (hex ? String.fromCharCode(Number.parseInt(hex, 16)) : char));
    attributes.push({ type, known: ATTRIBUTES.has(type) || isObjectIdentifier(type), value });
  }
  return attributes;
}
