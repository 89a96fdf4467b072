/** One block of a PEM file (RFC 7468). */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
  /** Has the header lines of an encrypted key (RFC 1421), and `der` is then empty. */
  readonly encrypted: boolean;
}

const BEGIN = /^-----BEGIN ([^\r\n]*)-----[ \t]*$/;
const END = /^-----END ([^\r\n]*)-----[ \t]*$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Every block of a PEM file, in its order. Text outside of blocks is ignored, as OpenSSL does; inside nothing is:
 * a block that is cut, mislabelled or not strict base64 makes the whole file bad.
 *
 * @throws Error with a text that holds nothing of the file
 */
export function parsePem(bytes: Uint8Array): PemBlock[] {
  // latin1 keeps one character a byte; PEM itself is ASCII
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '');
  const blocks: PemBlock[] = [];
  let open: { label: string; lines: string[]; at: number } | undefined;
  text.split(/\r\n|\n|\r/).forEach((line, index) => {
    const begin = BEGIN.exec(line);
    const end = END.exec(line);
    if (begin) {
      if (open) throw new Error(`line ${index + 1}: BEGIN inside of a block`);
      open = { label: begin[1] ?? '', lines: [], at: index + 1 };
    } else if (end) {
      if (!open) throw new Error(`line ${index + 1}: END without BEGIN`);
      if (open.label !== end[1]) throw new Error(`line ${index + 1}: END has another label than BEGIN at line ${open.at}`);
      blocks.push(decode(open));
      open = undefined;
    } else if (line.startsWith('-') || line.includes('-----BEGIN') || line.includes('-----END')) {
      // also what is left of a BEGIN in a file that was cut: the block after it would be lost without a word
      throw new Error(`line ${index + 1}: broken BEGIN or END`);
    } else if (open) open.lines.push(line);
  });
  if (open !== undefined) throw new Error(`line ${(open as { at: number }).at}: BEGIN without END`);
  return blocks;
}

function decode({ label, lines, at }: { readonly label: string; readonly lines: readonly string[]; readonly at: number }): PemBlock {
  if (lines.some(line => /^Proc-Type:.*ENCRYPTED/.test(line))) return { label, der: Buffer.alloc(0), encrypted: true };
  const base64 = lines.map(line => line.trim()).join('');
  if (base64 === '' || !BASE64.test(base64)) throw new Error(`line ${at}: the block is no base64`);
  return { label, der: Buffer.from(base64, 'base64'), encrypted: label === 'ENCRYPTED PRIVATE KEY' };
}

/** PEM made anew from DER, so that TLS never sees the text of a file. */
export function toPem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${(lines ?? []).join('\n')}\n-----END ${label}-----\n`;
}
