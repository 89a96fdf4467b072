import type { CertificateStatus, FleetStatus, Gap } from '../cluster/index.js';
import { printableLine } from './printable.js';

const MINUTE = 60_000;

/** `3d`, `5h`, `12m`, with a minus for what is past. */
function span(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  const sign = milliseconds < 0 ? '-' : '';
  if (size >= 48 * 60 * MINUTE) return `${sign}${Math.round(size / (24 * 60 * MINUTE))}d`;
  if (size >= 2 * 60 * MINUTE) return `${sign}${Math.round(size / (60 * MINUTE))}h`;
  return `${sign}${Math.round(size / MINUTE)}m`;
}

interface Column {
  readonly title: string;
  readonly wide: boolean;
  text(status: CertificateStatus, now: number): string;
}

const fromNow = (time: string | undefined, now: number): string => (time === undefined ? '-' : span(Date.parse(time) - now));

const COLUMNS: readonly Column[] = [
  { title: 'NAMESPACE', wide: false, text: ({ namespace }) => namespace },
  { title: 'CERTIFICATE', wide: false, text: ({ name }) => name },
  { title: 'READY', wide: false, text: ({ ready }) => (ready ? 'True' : 'False') },
  {
    title: 'ENDS IN',
    wide: false,
    text: ({ notAfter, reportedNotAfter }, now) => (notAfter ? fromNow(notAfter, now) : `${fromNow(reportedNotAfter, now)}?`),
  },
  { title: 'RENEWAL IN', wide: false, text: ({ renewalTime }, now) => fromNow(renewalTime, now) },
  { title: 'SECRET', wide: false, text: ({ secretName }) => secretName },
  { title: 'ISSUER', wide: true, text: ({ issuer }) => issuer },
  { title: 'AGE', wide: true, text: ({ created }, now) => (created === undefined ? '-' : span(now - Date.parse(created))) },
  { title: 'NOT AFTER', wide: true, text: ({ notAfter }) => notAfter ?? '-' },
  { title: 'MOUNTED BY', wide: true, text: ({ mountedBy }) => mountedBy.join(', ') || '-' },
  { title: 'TROUBLE', wide: false, text: ({ troubles }) => troubles.map(({ kind }) => kind).join(', ') || '-' },
];

/** A line a certificate, the worst first; below, what is wrong with each. */
export function formatStatus(status: FleetStatus, { wide = false }: { readonly wide?: boolean } = {}): string {
  const now = Date.parse(status.takenAt);
  const columns = COLUMNS.filter(column => wide || !column.wide);
  const rows = [
    columns.map(({ title }) => title),
    ...status.certificates.map(row => columns.map(column => printableLine(column.text(row, now), 120))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map(row => row[index]?.length ?? 0)));
  const table = rows.map(row =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const broken = status.certificates.filter(({ troubles }) => troubles.length > 0);
  const details = broken.flatMap(({ namespace, name, troubles }) => [
    `${printableLine(namespace)}/${printableLine(name)}`,
    ...troubles.map(({ kind, evidence }) => `  ${kind}: ${printableLine(evidence)}`),
  ]);
  return `${[
    ...table,
    ...(details.length > 0 ? ['', ...details] : []),
    ...(status.gaps.length > 0 ? ['', ...status.gaps.map(gapLine)] : []),
    '',
    `${status.certificates.length} certificates, ${broken.length} with trouble`,
  ].join('\n')}\n`;
}

/** What was not read, so that silence is not taken for health. */
export function gapLine({ resource, namespace, reason, message }: Gap): string {
  const place = namespace === undefined ? '' : ` in ${printableLine(namespace)}`;
  const cause = { forbidden: 'may not be read', absent: 'is not there', failed: 'could not be read' }[reason];
  return `not looked at: ${resource}${place} ${cause}: ${printableLine(message)}`;
}

export function statusJson(status: FleetStatus): object {
  return { schemaVersion: 1, ...status };
}
