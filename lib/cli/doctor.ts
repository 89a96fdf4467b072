import { setTimeout as pause } from 'node:timers/promises';
import {
  DOCTOR_RESOURCES,
  dumpCluster,
  examine,
  Living,
  type Outcome,
  PREFLIGHT_RESOURCES,
  readDump,
  type Snapshot,
  takeSnapshot,
} from '../cluster/index.js';
import { doctorJson, formatDoctor } from '../report/doctor.js';
import { formatOf, parse } from './arguments.js';
import { CLUSTER_OPTIONS, NAMESPACE_OPTIONS, namespacesOf, openCluster, secondsOf } from './cluster-arguments.js';
import { EXIT, UsageError } from './exit.js';

type FailOn = 'error' | 'warning';

/** Seconds between two looks of --wait. */
const LOOK_SECONDS = 5;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parse(
    args,
    {
      ...CLUSTER_OPTIONS,
      ...NAMESPACE_OPTIONS,
      preflight: { type: 'boolean', default: false },
      from: { type: 'string' },
      dump: { type: 'string' },
      probe: { type: 'boolean', default: false },
      wait: { type: 'string', default: '0s' },
      'fail-on': { type: 'string', default: 'warning' },
      format: { type: 'string' },
    },
    false,
  );
  const format = formatOf(values.format);
  const failOn = failOnOf(values['fail-on']);
  const { from, dump, preflight, probe } = values;
  if (from !== undefined && dump !== undefined)
    throw new UsageError('--from and --dump exclude each other', 'a dump is written from a cluster');
  const resources = preflight ? PREFLIGHT_RESOURCES : DOCTOR_RESOURCES;
  const namespaces = namespacesOf(values);
  const options = { ...(namespaces === undefined ? {} : { namespaces }), probe };
  const read = async (): Promise<Snapshot> => {
    if (from !== undefined) return readDump(from);
    const api = await openCluster(values);
    if (dump === undefined) return takeSnapshot(api, resources, options);
    await dumpCluster(api, resources, dump, options);
    return readDump(dump);
  };
  const deadline = Date.now() + secondsOf(values.wait, '--wait', { mayBeZero: true }) * 1000;
  let snapshot = await read();
  let outcomes = examine(new Living(snapshot), { preflight });
  while (fails(outcomes, failOn) && from === undefined && dump === undefined && Date.now() < deadline) {
    await pause(LOOK_SECONDS * 1000);
    snapshot = await read();
    outcomes = examine(new Living(snapshot), { preflight });
  }
  process.stdout.write(
    format === 'json'
      ? `${JSON.stringify(doctorJson(outcomes, snapshot.header), undefined, 2)}\n`
      : formatDoctor(outcomes, snapshot.header),
  );
  return fails(outcomes, failOn) ? EXIT.findings : EXIT.ok;
}

function failOnOf(text: string): FailOn {
  if (text === 'error' || text === 'warning') return text;
  throw new UsageError(`--fail-on is "${text}"`, 'expected error or warning');
}

const fails = (outcomes: readonly Outcome[], failOn: FailOn): boolean =>
  outcomes.some(({ result }) => result === 'error' || (result === 'warning' && failOn === 'warning'));
