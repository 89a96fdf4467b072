import { durationText } from '../durations.js';
import { plural } from '../plural.js';
import { LAYER_TEXT } from '../relations.js';
import { type Html, html } from './_html.js';
import { table } from './_table.js';
import type { AuthorityNode } from './authority-tree.js';
import { callGraph } from './call-graph.js';
import type { CertificateRow } from './certificate-rows.js';
import type { FleetReport, Mistake } from './fleet-report.js';
import { layoutGraph } from './graph-layout.js';
import { graphSvg } from './graph-svg.js';
import type { ServiceRow } from './service-rows.js';

/** Names of a long list beyond this many are counted; the drawing and the row of the other side have them all. */
const SHOWN_NAMES = 6;

export function callsSection({ plan }: FleetReport): Html {
  const graph = callGraph(plan);
  const left = graph.notDrawn === 0 ? '' : ` ${plural(graph.notDrawn, 'call')} of metrics ports from outside not drawn.`;
  return section(
    'calls',
    'Calls',
    html`<p>Arrows go from caller to callee. Choose a service, by mouse or with Tab and the arrow keys, to see its calls alone.${left}</p>
<ul class="legend"><li class="strict">mutual TLS, strict</li><li class="audit">audit: strangers are counted</li><li class="permissive">permissive: also plain</li><li class="disabled">no mutual TLS</li></ul>
<p id="chosen" role="status"></p>
<p class="zoom" hidden><button id="zoom" type="button" aria-pressed="false">Fit the width</button></p>
<div class="scroll drawing" role="region" aria-label="Drawing of the calls" tabindex="0">${graphSvg(layoutGraph(graph))}</div>`,
  );
}

export function servicesSection({ services }: FleetReport): Html {
  const others = services.length - 1;
  const rows = services.map(service => ({ id: `service-${service.name}`, cells: serviceCells(service, others) }));
  return section(
    'services',
    'Services and how far a stolen key reaches',
    html`<p>Whoever has a service's key can call what it may call, and go on from there with each service that is taken over too.
The longest reach comes first. Nothing revokes a stolen certificate; it ends with its lifetime.</p>${table(
      'Services',
      ['Service', 'Called by', 'Calls', 'Key reaches', 'Deceives', 'Good for', 'Shrinks most'],
      rows,
    )}`,
  );
}

const serviceCells = (service: ServiceRow, others: number) => [
  html`<a href="#service-${service.name}">${service.name}</a> <small>${service.namespace}, ${service.team}${service.mode === 'strict' ? '' : `, ${service.mode}`}</small>`,
  { content: names(service.callers), sort: service.callers.length },
  { content: names(service.calls), sort: service.calls.length },
  {
    content:
      service.reach === 0
        ? 'nobody'
        : `${service.reach} of ${others}${service.farthest > 1 ? `, up to ${service.farthest} calls away` : ''}${service.externals.length > 0 ? `; outside: ${service.externals.join(', ')}` : ''}`,
    sort: service.reach,
  },
  { content: service.deceived === 0 ? 'nobody' : plural(service.deceived, 'caller'), sort: service.deceived },
  { content: `at most ${durationText(service.lifetimeSeconds)}`, sort: service.lifetimeSeconds },
  { content: service.cut === undefined ? '–' : `without ${service.cut.call}: ${service.cut.fewer} fewer`, sort: service.cut?.fewer ?? 0 },
];

export function certificatesSection({ certificates }: FleetReport): Html {
  return section(
    'certificates',
    'Certificates',
    html`<p>As the manifests ask for them. The least time left while renewal works comes first: an alert tells when it does not.</p>${table(
      'Certificates',
      ['Certificate', 'For', 'Lives', 'Renewed with', 'Key', 'Usages', 'Issuer'],
      certificates.map(certificate => ({ cells: certificateCells(certificate) })),
    )}`,
  );
}

const certificateCells = (certificate: CertificateRow) => [
  html`${certificate.name} <small>${certificate.namespace}</small>`,
  certificate.service === undefined
    ? certificate.kind === 'authority'
      ? 'an authority'
      : 'nobody of this fleet'
    : html`<a href="#service-${certificate.service}">${certificate.service}</a>${certificate.kind === 'public' ? ', public names' : ''}`,
  { content: durationText(certificate.lifetimeSeconds), sort: certificate.lifetimeSeconds },
  { content: `${durationText(certificate.leftSeconds)} left`, sort: certificate.leftSeconds },
  certificate.key,
  certificate.usages.join(', ') || '–',
  certificate.issuer,
];

export const authoritiesSection = ({ authorities }: FleetReport): Html =>
  section('authorities', 'Authorities', html`<ul class="tree">${authorities.map(node)}</ul>`);

function node({ name, facts, children }: AuthorityNode): Html {
  const below = children.length === 0 ? '' : html`<ul>${children.map(node)}</ul>`;
  return html`<li><strong>${name}</strong> <span>${facts.join(' · ')}</span>${below}</li>`;
}

const SIGNS = { error: '✖', warning: '▲', note: '●' } as const;

export function findingsSection({ mistakes }: FleetReport): Html {
  const rows = mistakes.map(mistake => ({ cells: findingCells(mistake) }));
  const content =
    rows.length === 0
      ? html`<p>None: schemas, manifests, proof and linter have nothing to say.</p>`
      : table('Findings', ['Severity', 'What', 'Where', 'How to mend it'], rows);
  return section('findings', 'Findings', content);
}

const RANK = { error: 0, warning: 1, note: 2 } as const;

const findingCells = ({ first: { severity, code, message, object, path, file, line, fix }, more }: Mistake) => [
  { content: html`<span class="${severity}"><span aria-hidden="true">${SIGNS[severity]}</span> ${severity}</span>`, sort: RANK[severity] },
  html`${message} <small>${code}${more === 0 ? '' : `, and ${more} more of the same cause`}</small>`,
  html`${object}${path === '' ? '' : ` ${path}`}${file === undefined ? '' : html` <small>${file}:${line}</small>`}`,
  fix === '' ? '–' : fix,
];

export function proofSection({ proof, plan, callsByMode }: FleetReport): Html {
  const rows = Object.entries(proof.layers).map(([layer, { checked, differences }]) => ({
    cells: [
      layer,
      LAYER_TEXT[layer as keyof typeof LAYER_TEXT],
      differences > 0
        ? html`<span class="error"><span aria-hidden="true">✖</span> ${plural(differences, 'difference')}</span>`
        : checked
          ? html`<span class="ok"><span aria-hidden="true">✔</span> equal to what is declared</span>`
          : html`<span class="warning"><span aria-hidden="true">▲</span> not limited here</span>`,
    ],
  }));
  const modes = Object.entries(callsByMode).filter(([, count]) => count > 0);
  return section(
    'proof',
    'What was proved',
    html`<p>The manifests were read as three relations, each compared with ${plural(proof.declaredCalls, 'declared call')}.</p>
${table('Coverage of the proof', ['Layer', 'Question', 'Answer'], rows)}
<ul>
<li>Calls inside of the fleet by mode: ${modes.map(([mode, count]) => `${count} ${mode}`).join(', ') || 'none'}; across its border: ${plan.externalEdges.length}.</li>
<li>Not part of it: a running cluster, real handshakes (<code>sentinel-mtls prove --handshakes</code>), traffic of a pod's own node.</li>
${proof.notes.map(note => html`<li>${note}</li>`)}
</ul>`,
  );
}

const section = (id: string, title: string, content: Html): Html =>
  html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${content}
</section>
`;

function names(all: readonly string[]): string {
  if (all.length === 0) return 'nobody';
  const more = all.length - SHOWN_NAMES;
  return more <= 0 ? all.join(', ') : `${all.slice(0, SHOWN_NAMES).join(', ')} and ${more} more`;
}
