import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of one service's certificate folder by name; `tls.key` is secret. */
export type CertificateFiles = Readonly<Record<string, string>>;

/**
 * Writes `<folder>/<service>/` as a whole: a process never sees the key of one issuance beside the certificate
 * of another. Keys are readable by their owner alone.
 */
export function writeCertificateFolder(folder: string, service: string, files: CertificateFiles): string {
  mkdirSync(folder, { recursive: true });
  const aside = mkdtempSync(join(folder, '.dev-certs-'));
  const target = join(folder, service);
  try {
    const fresh = join(aside, 'new');
    mkdirSync(fresh, { mode: 0o755 });
    for (const [name, text] of Object.entries(files)) {
      const mode = name.endsWith('.key') ? 0o600 : 0o644;
      writeFileSync(join(fresh, name), text, { mode, flag: 'wx' });
      // the mode of writeFileSync is cut by the umask, which may be wider or narrower than what is meant
      chmodSync(join(fresh, name), mode);
    }
    moveIfThere(target, join(aside, 'old'));
    renameSync(fresh, target);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return target;
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
