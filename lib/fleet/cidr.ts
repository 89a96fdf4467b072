import { BlockList, isIP, isIPv4 } from 'node:net';

/** Why a text is no range of addresses, or undefined when it is one. */
export function cidrProblem(text: string): string | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0) return 'no IP address before the slash';
  if (length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return 'no prefix length after the slash';
  return Number(length) > (family === 4 ? 32 : 128) ? 'prefix length is too large' : undefined;
}

/** Whether `inner` is a strictly smaller range of the same family inside of `outer`. */
export function contains(outer: string, inner: string): boolean {
  if (cidrProblem(outer) !== undefined) return true;
  const [network = '', length = '0'] = outer.split('/');
  const [address = '', innerLength = '0'] = inner.split('/');
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  if (isIP(network) !== isIP(address) || Number(innerLength) <= Number(length)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(length), family);
  return list.check(address, family);
}
