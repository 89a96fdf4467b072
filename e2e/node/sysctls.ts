import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN } from './settings.js';

/** kubelet writes these for the whole kernel. */
const WRITTEN = ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops', 'kernel/keys/root_maxkeys', 'kernel/keys/root_maxbytes'];
const saved = join(RUN, 'sysctls.json');
const path = (name: string): string => join('/proc/sys', name);

export function saveSysctls(): void {
  const values = WRITTEN.map(name => [name, readFileSync(path(name), 'utf8').trim()]);
  writeFileSync(saved, JSON.stringify(Object.fromEntries(values)));
}

export function restoreSysctls(): void {
  if (!existsSync(saved)) return;
  const values = JSON.parse(readFileSync(saved, 'utf8')) as Record<string, string>;
  for (const [name, value] of Object.entries(values)) {
    if (WRITTEN.includes(name)) writeFileSync(path(name), value);
  }
}
