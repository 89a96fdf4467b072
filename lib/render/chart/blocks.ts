import { ChartError } from './chart-error.js';

/** Read by a parent chart, so no service may have it. */
const OF_PARENT = 'enabled';

/**
 * Blocks of values.yaml by service: `control-api` has `controlApi`, and a service that is called like a block of the
 * chart itself, as `monitoring`, has `monitoringService`.
 *
 * @throws ChartError where two services would have one block
 */
export function serviceBlocks(services: readonly string[], taken: Iterable<string>): ReadonlyMap<string, string> {
  const reserved = new Set([...taken, OF_PARENT]);
  const owners = new Map<string, string>();
  for (const service of services) {
    const plain = camelCase(service);
    const block = reserved.has(plain) ? `${plain}Service` : plain;
    const owner = owners.get(block);
    if (owner !== undefined) {
      throw new ChartError(
        `services "${owner}" and "${service}" would both be the block "${block}" of values.yaml\n` +
          '  a chart needs names that differ in more than their dashes: rename one of them in the fleet',
      );
    }
    owners.set(block, service);
  }
  return new Map([...owners].map(([block, service]) => [service, block]));
}

const camelCase = (name: string): string => name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
