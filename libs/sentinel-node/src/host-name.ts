import { isIP } from 'node:net';
import type { CertificateFacts } from './certificate.js';

/**
 * Whether a certificate is for a host: by its DNS names, or by its IP names where the host is an address. The common
 * name never counts. A wildcard is the whole first label, stands for one label, and has two or more behind it.
 */
export function isForHost(facts: CertificateFacts, host: string): boolean {
  const wanted = normalHost(host);
  if (isIP(wanted) !== 0) return facts.ipAddresses.includes(octetsOf(wanted));
  return facts.dnsNames.some(name => matches(name.toLowerCase(), wanted));
}

/** In lower case, without one trailing dot, and without the brackets of a URL's IPv6 address. */
export const normalHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^\[(.*)\]$/, '$1');

function matches(name: string, host: string): boolean {
  if (!name.startsWith('*.')) return name === host && !name.includes('*');
  const parent = name.slice(2);
  const dot = host.indexOf('.');
  return parent.split('.').length >= 2 && !parent.includes('*') && dot > 0 && host.slice(dot + 1) === parent;
}

function octetsOf(address: string): string {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number)).toString('hex');
  const [head = '', tail] = embeddedIpv4AsHex(address).split('::');
  const groups = (text: string | undefined): string[] => (text ? text.split(':') : []);
  const left = groups(head);
  const right = groups(tail);
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map(group => group.padStart(4, '0')).join('');
}

function embeddedIpv4AsHex(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map(group => group.toString(16)).join(':'),
  );
}
