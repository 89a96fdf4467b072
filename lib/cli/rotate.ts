import { type Progress, type Rotation, type RotationStep, rotate, rotationStatus } from '../cluster/index.js';
import { printable } from '../report/printable.js';
import { formatRotation, rotationJson, stepLines } from '../report/rotation.js';
import { formatOf, parse } from './arguments.js';
import { CLUSTER_OPTIONS, countOf, openCluster, secondsOf } from './cluster-arguments.js';
import { EXIT, UsageError } from './exit.js';

const ACTIONS = ['status', 'start', 'continue', 'complete'] as const;
type Action = (typeof ACTIONS)[number];

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    {
      ...CLUSTER_OPTIONS,
      fleet: { type: 'string' },
      'cert-manager-namespace': { type: 'string', default: 'cert-manager' },
      wait: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '1h' },
      grace: { type: 'string', default: '3m' },
      stagger: { type: 'string', default: '0s' },
      'max-parallel': { type: 'string', default: '5' },
      'dry-run': { type: 'boolean', default: false },
      format: { type: 'string' },
    },
    true,
  );
  const action = actionOf(positionals);
  const format = formatOf(values.format);
  const options = {
    fleet: values.fleet,
    home: values['cert-manager-namespace'],
    graceSeconds: secondsOf(values.grace, '--grace'),
    staggerSeconds: secondsOf(values.stagger, '--stagger', { mayBeZero: true }),
    maxParallel: countOf(values['max-parallel'], '--max-parallel'),
    deadlineSeconds: secondsOf(values.timeout, '--timeout', { mayBeZero: true }),
    wait: values.wait,
  };
  if (action === 'status' && values.wait)
    throw new UsageError('--wait is given with rotate status', 'it only looks; go on with rotate continue --wait');
  const api = await openCluster(values);
  if (action === 'status' || values['dry-run']) {
    const status = await rotationStatus(api, options);
    process.stdout.write(format === 'json' ? json(status) : formatRotation(status));
    return isBlocked(status) || (action === 'status' && status.state !== 'idle') ? EXIT.findings : EXIT.ok;
  }
  const say = (lines: readonly string[]): void => {
    if (format === 'text') process.stdout.write(`${lines.join('\n')}\n`);
  };
  let told = '';
  const progress = await rotate(api, {
    ...options,
    may: action,
    onStep: (step, { message, renewals, isConflict }) => {
      const renewed = renewals.map(({ certificate, outcome }) => `    ${printable(certificate)}: ${outcome}`);
      say([`${isConflict ? '…' : '√'} ${printable(step.title)}`, ...renewed, `    ${printable(message)}`]);
    },
    // a line for each new reason, not one every two seconds
    onWait: step => {
      const reason = step.id;
      if (reason !== told) say(stepLines(step));
      told = reason;
    },
  });
  if (format === 'json') process.stdout.write(json(progress));
  else finish(progress);
  return progress.outcome === 'did' || progress.outcome === 'finished' ? EXIT.ok : EXIT.findings;
}

/** What stopped it goes to stderr where somebody has to do something. */
function finish(progress: Progress): void {
  const { outcome, message, steps } = progress;
  const step = steps.find(({ state }) => state !== 'done');
  if (outcome === 'refused') process.stderr.write(`${printable(message)}\n`);
  else if (outcome === 'blocked' && step !== undefined) process.stderr.write(`${stepLines(step).join('\n')}\n`);
  else if (outcome === 'finished') process.stdout.write(`${printable(message)}\n`);
  else if (outcome === 'did') process.stdout.write('next: sentinel-mtls rotate continue\n');
  else
    process.stderr.write(
      `${outcome === 'waits' ? 'it waits' : 'it failed'}: ${printable(message)}\n  next: sentinel-mtls rotate continue --wait\n`,
    );
}

const isBlocked = ({ steps }: Rotation): boolean => steps.some(({ state }: RotationStep) => state === 'blocked');

const json = (value: Rotation | Progress): string => `${JSON.stringify(rotationJson(value), undefined, 2)}\n`;

function actionOf(positionals: readonly string[]): Action {
  const [word = 'status', ...more] = positionals;
  const action = ACTIONS.find(each => each === word);
  if (action === undefined || more.length > 0)
    throw new UsageError(
      `rotate takes one of ${ACTIONS.join(', ')}, got "${positionals.join(' ')}"`,
      'begin with sentinel-mtls rotate start --dry-run',
    );
  return action;
}
