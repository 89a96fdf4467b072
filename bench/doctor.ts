import { join } from 'node:path';
import { inTurns, median, type Row, runCommand, runNode, runVariant } from './_measure.js';

const CERTIFICATES = 10_000;

/** The command `doctor` on a dump, against a process that does nothing but parse the same lines and certificates. */
export function doctor(folder: string): Row[] {
  const dump = join(folder, 'dump');
  runNode([join(__dirname, '_dump.js'), dump, String(CERTIFICATES)]);
  const results = inTurns({
    ours: () => runCommand(['doctor', '--from', dump, '--fail-on', 'error']),
    listing: () => runVariant('listing', dump, join(folder, 'none')),
  });
  const what = `doctor ${CERTIFICATES} certificates`;
  const peer = 'JSON and X.509 parsed';
  return [
    {
      what,
      unit: 'ms',
      ours: median(results.ours.map(({ wallMs }) => wallMs)),
      peer,
      peers: median(results.listing.map(({ wallMs }) => wallMs)),
      bound: 1.5,
    },
    {
      what: `${what}, peak`,
      unit: 'MB',
      ours: median(results.ours.map(({ peakMb }) => peakMb)),
      peer,
      peers: median(results.listing.map(({ peakMb }) => peakMb)),
      bound: 2,
    },
  ];
}
