/** One element of DER, as offsets into the bytes. */
export interface Element {
  readonly tag: number;
  readonly start: number;
  /** First octet of the contents. */
  readonly from: number;
  /** One past the last octet. */
  readonly to: number;
}

/**
 * The element at an offset, which must end at or before `limit`. Definite, minimal lengths only (X.690 10.1).
 *
 * @throws Error for anything else
 */
export function elementAt(bytes: Uint8Array, start: number, limit: number): Element {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined || start + 2 > limit || (tag & 0x1f) === 0x1f) throw new Error('broken DER');
  let from = start + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // 4 octets: no certificate is longer than 4 GB
    if (count === 0 || count > 4 || from + count > limit) throw new Error('broken DER length');
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[from + index] ?? 0);
    if (length < 0x80 || (count > 1 && bytes[from] === 0)) throw new Error('DER length is not minimal');
    from += count;
  }
  if (from + length > limit) throw new Error('DER ends too early');
  return { tag, start, from, to: from + length };
}

/** All elements between two offsets, one after the other. */
export function elements(bytes: Uint8Array, from: number, to: number): Element[] {
  const found: Element[] = [];
  for (let at = from; at < to; ) {
    const element = elementAt(bytes, at, to);
    found.push(element);
    at = element.to;
  }
  return found;
}

/** The one element that the bytes are, with nothing left over. */
export function whole(bytes: Uint8Array, tag: number): Element {
  const element = elementAt(bytes, 0, bytes.length);
  if (element.to !== bytes.length || element.tag !== tag) throw new Error('not one DER element of the expected kind');
  return element;
}
