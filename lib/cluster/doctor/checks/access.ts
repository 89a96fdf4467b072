import { durationText } from '../../_values.js';
import { ofKind } from '../_seen.js';
import type { Check } from '../check.js';

/** Clocks of machines with a time service differ by far less. */
const MOST_SKEW_MS = 30_000;

export const ACCESS: readonly Check[] = [
  {
    code: 'SMT-D101',
    name: 'not-readable',
    section: 'access',
    level: 'warning',
    title: 'everything that is looked at may be read',
    why: 'what may not be read is not judged: the silence of the checks below is no health.',
    next: 'sentinel-mtls rbac doctor prints the rights that are needed',
    needs: [],
    preflight: true,
    *find({ snapshot }) {
      for (const { resource, namespace, reason, message } of snapshot.header.gaps)
        if (reason !== 'absent') yield { object: `${resource}${namespace === undefined ? '' : ` in ${namespace}`}`, evidence: message };
    },
  },
  {
    code: 'SMT-D073',
    name: 'clock-skew',
    section: 'access',
    level: 'warning',
    title: 'the clock of the API server agrees with the one here',
    why: 'a certificate that begins in the future is refused, and one that has ended may still seem valid.',
    next: 'compare the clocks of the nodes with a time server: chronyc tracking',
    needs: [],
    preflight: true,
    *find(living) {
      const { skewMs } = living.snapshot.header;
      if (skewMs !== null && Math.abs(skewMs) > MOST_SKEW_MS)
        yield { object: '', evidence: `the API server is ${durationText(Math.abs(skewMs) / 1000)} ${skewMs > 0 ? 'ahead' : 'behind'}` };
      yield* ofKind(living, 'not-yet-valid');
    },
  },
];
