import { durationText } from '../durations.js';
import { code } from '../markdown.js';
import { plural } from '../plural.js';
import type { CertificateRow } from './certificate-rows.js';
import { type FleetReport, verdictOf } from './fleet-report.js';

/** By which a workflow finds its own comment again, to replace it. */
const MARKER = '<!-- sentinel-mtls report -->';
/** A comment is for what needs eyes; the page has everything. */
const MOST_FINDINGS = 20;
const MOST_SERVICES = 5;

const LOOKS = { proved: '✅', open: '⚠️', failed: '❌' } as const;
const SIGNS = { error: '❌', warning: '⚠️', note: 'ℹ️' } as const;

/** A summary for a pull request. Texts of the manifests stand in code spans: neither link, nor mention, nor HTML. */
export function reportMarkdown(report: FleetReport): string {
  const { plan, callsByMode } = report;
  const { state, text } = verdictOf(report);
  const lines = [
    MARKER,
    `### Mutual TLS of ${cell(plan.fleet)}, ${cell(plan.environment)}`,
    '',
    `${LOOKS[state]} **${text}.** ${plural(plan.services.length, 'service')}, ${callsByMode.strict} of ${plural(plan.edges.length, 'call')} strict, ${plan.externalEdges.length} across the border.`,
    '',
    ...proof(report),
    ...findings(report),
    ...reach(report),
    ...certificates(report.certificates),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function proof({ proof: { layers, notes } }: FleetReport): readonly string[] {
  const rows = Object.entries(layers).map(([layer, { checked, differences }]) => [
    layer,
    differences > 0 ? `❌ ${plural(differences, 'difference')}` : checked ? '✅ as declared' : '⚠️ not limited',
  ]);
  return [...table(['layer', 'answer'], rows), ...(notes.length === 0 ? [] : [...notes.map(note => `- ${cell(note)}`), ''])];
}

function findings({ findings: all, mistakes }: FleetReport): readonly string[] {
  if (all.length === 0) return ['No findings.', ''];
  const rows = mistakes
    .slice(0, MOST_FINDINGS)
    .map(({ first: { severity, code: name, message, object, file, line }, more }) => [
      `${SIGNS[severity]} ${severity}`,
      `${cell(message)} ${cell(name)}${more === 0 ? '' : `, and ${more} more of the same cause`}`,
      `${object === '' ? '' : cell(object)}${file === undefined ? '' : ` ${cell(`${file}:${line}`)}`}`,
    ]);
  const left = mistakes.length - rows.length;
  return [
    `**${plural(all.length, 'finding')}**`,
    '',
    ...table(['severity', 'what', 'where'], rows),
    ...(left > 0 ? [`… and ${plural(left, 'cause')} more`, ''] : []),
  ];
}

function reach({ services }: FleetReport): readonly string[] {
  const rows = services
    .slice(0, MOST_SERVICES)
    .map(service => [
      cell(service.name),
      `${service.reach} of ${services.length - 1}`,
      service.deceived === 0 ? 'nobody' : plural(service.deceived, 'caller'),
      service.cut === undefined ? '–' : `${cell(service.cut.call)} (${service.cut.fewer} fewer)`,
    ]);
  return ['**How far a stolen key reaches**', '', ...table(['service', 'reaches', 'deceives', 'shrinks without'], rows)];
}

/** Certificates that live alike are one row. */
function certificates(all: readonly CertificateRow[]): readonly string[] {
  const groups = new Map<string, { readonly first: CertificateRow; count: number }>();
  for (const row of all) {
    const key = `${row.kind} ${row.lifetimeSeconds} ${row.leftSeconds} ${row.key} ${row.issuer}`;
    const group = groups.get(key);
    if (group) group.count += 1;
    else groups.set(key, { first: row, count: 1 });
  }
  const rows = [...groups.values()].map(({ first, count }) => [
    count === 1 ? cell(first.name) : `${count} ${first.kind === 'service' ? 'services' : `of kind ${first.kind}`}`,
    durationText(first.lifetimeSeconds),
    `${durationText(first.leftSeconds)} left`,
    cell(first.key),
    cell(first.issuer),
  ]);
  return ['**Certificates, as the manifests ask for them**', '', ...table(['certificate', 'lives', 'renewed with', 'key', 'issuer'], rows)];
}

/** A bar ends a cell even inside of a code span. */
const cell = (text: string): string => code(text.replaceAll('|', '¦'));

const table = (headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  `| ${headings.join(' | ')} |`,
  `|${headings.map(() => '---').join('|')}|`,
  ...rows.map(row => `| ${row.join(' | ')} |`),
  '',
];
