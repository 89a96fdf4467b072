import type { Plan } from '../../fleet/plan.js';
import type { ObjectSet } from '../../objects/index.js';
import { Slots } from '../../pki/authority-slots.js';
import { planAttempts } from './attempts.js';
import { type Calls, planCalls } from './calls.js';
import type { Job } from './job.js';
import { Stage } from './stage.js';
import {
  ATTACK_KINDS,
  type AttackKind,
  type Attempt,
  type AttemptKind,
  type HandshakeOptions,
  type HandshakeResult,
  type Tally,
} from './types.js';

/**
 * Proves with real TLS 1.3 on the loopback interface that exactly the declared calls are possible with what was
 * rendered: certificates issued from the Certificates alone, callers judged by each service's policy.json alone.
 * Nothing is read from the cluster or written to disk, and every socket is closed when it returns.
 */
export async function proveHandshakes(objects: ObjectSet, plan: Plan, options: HandshakeOptions = {}): Promise<HandshakeResult> {
  const start = performance.now();
  const seed = options.seed ?? 'sentinel';
  const calls = planCalls(plan, { maxNonEdges: options.maxNonEdges ?? 2000, seed });
  const stage = await Stage.open(objects, plan, calls.ports, options.timeoutMs ?? 5000);
  try {
    const jobs = planAttempts(stage, plan, calls);
    const attempts = await run(jobs, options);
    return { ...summarize(plan, calls, attempts), notes: stage.notes, seed, elapsedMs: Math.round(performance.now() - start) };
  } finally {
    await stage.close();
  }
}

const isFailure = ({ expected, outcome, layer }: Attempt): boolean =>
  layer === 'timeout' || (expected !== 'audited' && expected !== outcome);

async function run(jobs: readonly Job[], { concurrency = 16, onProgress }: HandshakeOptions): Promise<readonly Attempt[]> {
  const slots = new Slots(concurrency);
  let done = 0;
  return Promise.all(
    jobs.map(job =>
      slots.run(async (): Promise<Attempt> => {
        const exchange = await job.run();
        done += 1;
        onProgress?.(done, jobs.length);
        const { kind, caller, target, expected } = job;
        return { kind, caller, callee: target.service.name, port: target.port.name, expected, ...exchange };
      }),
    ),
  );
}

function summarize(plan: Plan, calls: Calls, attempts: readonly Attempt[]): Omit<HandshakeResult, 'notes' | 'seed' | 'elapsedMs'> {
  const of = (kind: AttemptKind): readonly Attempt[] => attempts.filter(attempt => attempt.kind === kind);
  const accepted = (list: readonly Attempt[]): number => list.filter(({ outcome }) => outcome === 'accepted').length;
  const mustBeRefused = (kind: AttemptKind): Tally => {
    const list = of(kind).filter(({ expected }) => expected === 'refused');
    return { attempted: list.length, refused: list.length - accepted(list) };
  };
  const [edges, externals] = [of('edge'), of('external')];
  const audited = attempts.filter(({ expected }) => expected === 'audited');
  const nonEdges = mustBeRefused('nonEdge');
  const auditedNonEdges = of('nonEdge').length - nonEdges.attempted;
  return {
    fleet: plan.fleet,
    environment: plan.environment,
    edges: { declared: plan.edges.length, tested: edges.length, accepted: accepted(edges) },
    externals: { declared: calls.externals.length, tested: externals.length, accepted: accepted(externals) },
    nonEdges: {
      total: calls.nonEdgeTotal - auditedNonEdges,
      tested: nonEdges.attempted,
      skipped: calls.nonEdgeTotal - auditedNonEdges - nonEdges.attempted,
      refused: nonEdges.refused,
    },
    attacks: Object.fromEntries(ATTACK_KINDS.map(kind => [kind, mustBeRefused(kind)])) as Record<AttackKind, Tally>,
    audit: {
      ports: calls.ports.filter(({ port }) => port.mode === 'audit').length,
      attempted: audited.length,
      letThrough: accepted(audited),
    },
    notProvable: calls.notProvable,
    failures: attempts.filter(isFailure),
    attempts,
  };
}
