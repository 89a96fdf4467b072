import {
  type Api,
  ClusterError,
  FLEET_LABEL,
  type FleetStatus,
  fleetStatus,
  Living,
  readDump,
  type Snapshot,
  STATUS_RESOURCES,
  takeSnapshot,
} from '../cluster/index.js';
import { formatStatus, statusJson } from '../report/status.js';
import { parse } from './arguments.js';
import { CLUSTER_OPTIONS, NAMESPACE_OPTIONS, namespacesOf, openCluster, secondsOf } from './cluster-arguments.js';
import { EXIT, UsageError } from './exit.js';
import { stopSignal, watch } from './watch.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parse(
    args,
    {
      ...CLUSTER_OPTIONS,
      ...NAMESPACE_OPTIONS,
      all: { type: 'boolean', default: false },
      'cert-manager-namespace': { type: 'string', default: 'cert-manager' },
      fleet: { type: 'string' },
      from: { type: 'string' },
      format: { type: 'string', default: 'table' },
      watch: { type: 'boolean', default: false },
      interval: { type: 'string' },
    },
    false,
  );
  const write = writerOf(values.format);
  const namespaces = namespacesOf(values);
  if (values.from !== undefined && values.watch) throw new UsageError('--watch is given with --from', 'a dump does not change');
  if (values.interval !== undefined && !values.watch) throw new UsageError('--interval is given without --watch', 'add --watch');
  const everySeconds = secondsOf(values.interval ?? '10s', '--interval');
  const stop = values.watch ? stopSignal() : undefined;
  const api = values.from === undefined ? await openCluster(values, stop) : undefined;
  const look = async (): Promise<FleetStatus> => {
    const snapshot =
      api === undefined
        ? readDump(values.from ?? '')
        : await read(api, values.all, values.fleet, namespaces, values['cert-manager-namespace']);
    return fleetStatus(new Living(snapshot), values);
  };
  let status = await look();
  process.stdout.write(write(status));
  const lookAgain = async (): Promise<void> => {
    status = await look();
    // home and clear: only where somebody looks
    process.stdout.write(`${process.stdout.isTTY ? '\u001b[H\u001b[2J' : '\n'}${write(status)}`);
  };
  if (stop !== undefined) await watch(lookAgain, everySeconds, stop);
  if (status.certificates.length === 0) {
    process.stderr.write(
      values.all
        ? 'there is no Certificate\n'
        : `there is no Certificate with the label ${FLEET_LABEL}\n  --all shows those of everybody\n`,
    );
    return EXIT.noInput;
  }
  // the home of cert-manager is not everybody's to read
  const missing = status.gaps.filter(({ namespace }) => namespace === undefined || namespaces?.includes(namespace) === true);
  return missing.length > 0 || status.certificates.some(({ troubles }) => troubles.length > 0) ? EXIT.findings : EXIT.ok;
}

/** `home`: where the Secrets of ClusterIssuers are, without which nobody knows whether the authority has changed. */
async function read(
  api: Api,
  all: boolean,
  fleet: string | undefined,
  namespaces: readonly string[] | undefined,
  home: string,
): Promise<Snapshot> {
  const labelSelector = fleet === undefined ? FLEET_LABEL : `${FLEET_LABEL}=${fleet}`;
  const snapshot = await takeSnapshot(api, STATUS_RESOURCES, {
    ...(namespaces === undefined ? {} : { namespaces, also: { secrets: [home] } }),
    ...(all ? {} : { queries: { 'certificates.cert-manager.io': { labelSelector } } }),
  });
  const [gap] = snapshot.header.gaps.filter(({ resource }) => resource === 'certificates.cert-manager.io');
  if (gap === undefined) return snapshot;
  throw new ClusterError(
    'CLUSTER_REFUSED',
    gap.reason === 'absent'
      ? 'the cluster knows no Certificates: the CRDs of cert-manager are missing'
      : `Certificates can't be listed: ${gap.message}`,
    gap.reason === 'absent'
      ? 'install cert-manager, or run sentinel-mtls doctor --preflight'
      : 'name namespaces with -n; sentinel-mtls rbac status prints the rights',
  );
}

function writerOf(format: string): (status: FleetStatus) => string {
  switch (format) {
    case 'table':
      return status => formatStatus(status);
    case 'wide':
      return status => formatStatus(status, { wide: true });
    case 'json':
      return status => `${JSON.stringify(statusJson(status), undefined, 2)}\n`;
    default:
      throw new UsageError(`format is "${format}"`, 'expected table, wide or json');
  }
}
