import { Reader } from '../_reader.js';
import type { Api } from '../read/index.js';
import { readMigration } from './facts.js';
import { type Migration, type MigrationOptions, migrationOf } from './judge.js';

export type { MigrationFacts } from './facts.js';
export { type Migration, type MigrationOptions, migrationOf, type PortMigration, WAY } from './judge.js';

/** How far a fleet is from plain text to strict mutual TLS; it only reads. */
export async function migration(api: Api, options: MigrationOptions & { readonly fleet?: string | undefined }): Promise<Migration> {
  return migrationOf(await readMigration(new Reader(api), options.fleet), options);
}
