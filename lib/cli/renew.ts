import { chooseCertificates, type Renewal, renew } from '../cluster/index.js';
import { printable } from '../report/printable.js';
import { formatOf, parse } from './arguments.js';
import { CLUSTER_OPTIONS, countOf, NAMESPACE_OPTIONS, namespacesOf, openCluster, secondsOf } from './cluster-arguments.js';
import { EXIT, UsageError } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      ...CLUSTER_OPTIONS,
      ...NAMESPACE_OPTIONS,
      all: { type: 'boolean', default: false },
      issuer: { type: 'string' },
      wait: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '5m' },
      stagger: { type: 'string', default: '0s' },
      'max-parallel': { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      format: { type: 'string' },
    },
    true,
  );
  const ways = [positionals.length > 0, values.all, values.issuer !== undefined].filter(Boolean).length;
  if (ways !== 1)
    throw new UsageError(
      `renew takes services, --all or --issuer, got ${ways} of them`,
      'name what is to be renewed: sentinel-mtls renew control-api --wait',
    );
  if (values['max-parallel'] !== undefined && !values.wait)
    throw new UsageError('--max-parallel is given without --wait', 'without waiting nobody knows how many are under way; use --stagger');
  const format = formatOf(values.format);
  const options = {
    wait: values.wait,
    timeoutSeconds: secondsOf(values.timeout, '--timeout', { mayBeZero: true }),
    staggerSeconds: secondsOf(values.stagger, '--stagger', { mayBeZero: true }),
    maxParallel: countOf(values['max-parallel'] ?? '5', '--max-parallel'),
  };
  const api = await openCluster(values);
  const chosen = await chooseCertificates(api, {
    names: positionals,
    all: values.all,
    issuer: values.issuer,
    namespaces: namespacesOf(values),
  });
  if (chosen.length === 0) {
    process.stderr.write('no Certificate is meant by that\n  see sentinel-mtls status --all\n');
    return EXIT.noInput;
  }
  if (values['dry-run']) {
    for (const { metadata } of chosen) process.stdout.write(`${printable(`${metadata.namespace}/${metadata.name}`)}: would be renewed\n`);
    return EXIT.ok;
  }
  const onResult = (renewal: Renewal): void => void process.stdout.write(line(renewal));
  const results = await renew(api, chosen, { ...options, ...(format === 'text' ? { onResult } : {}) });
  if (format === 'json') process.stdout.write(`${JSON.stringify({ schemaVersion: 1, renewals: results }, undefined, 2)}\n`);
  return results.some(({ outcome }) => ['failed', 'not-begun', 'under-way'].includes(outcome)) ? EXIT.findings : EXIT.ok;
}

const line = ({ certificate, outcome, message }: Renewal): string => `${printable(certificate)}: ${outcome}: ${printable(message)}\n`;
