import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { durationText } from '../durations.js';
import { plural } from '../plural.js';
import { fixed, type Html, html } from './_html.js';
import { countOf, type FleetReport, verdictOf } from './fleet-report.js';
import { authoritiesSection, callsSection, certificatesSection, findingsSection, proofSection, servicesSection } from './html-sections.js';

/** One page that needs nothing else: no network, no framework; without a script it can still be read and printed. */
export function reportHtml(report: FleetReport): string {
  const style = readFileSync(require.resolve('#assets/report.css'), 'utf8');
  const script = readFileSync(require.resolve('#assets/report.js'), 'utf8');
  const { fleet, environment } = report.plan;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash(style)}'; script-src 'sha256-${hash(script)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${fleet}, ${environment}: mutual TLS</title>
<style>${fixed(style)}</style>
</head>
<body>
<a class="skip" href="#services">Skip to the table of services</a>
${header(report)}
<main>
${verdictOf(report).state === 'failed' ? [findingsSection(report), callsSection(report)] : [callsSection(report), findingsSection(report)]}
${servicesSection(report)}
${certificatesSection(report)}
${authoritiesSection(report)}
${proofSection(report)}
</main>
<footer><p>Written by sentinel-mtls ${report.version} from ${report.source}. Lifetimes are what the manifests ask for; nothing here was read from a cluster.</p></footer>
<script>${fixed(script)}</script>
</body>
</html>
`;
  return page.text;
}

const hash = (text: string): Html => fixed(createHash('sha256').update(text).digest('base64'));

const SECTIONS = [
  ['calls', 'Calls'],
  ['findings', 'Findings'],
  ['services', 'Services'],
  ['certificates', 'Certificates'],
  ['authorities', 'Authorities'],
  ['proof', 'Proof'],
] as const;

const LOOKS = { proved: ['ok', '✔'], open: ['warning', '▲'], failed: ['error', '✖'] } as const;

function header(report: FleetReport): Html {
  const { state, text } = verdictOf(report);
  const [style, sign] = LOOKS[state];
  return html`<header>
<h1>${report.plan.fleet} <small>${report.plan.environment}</small></h1>
<p class="verdict ${style}"><span aria-hidden="true">${sign}</span> ${text}</p>
<dl class="tiles">${tiles(report).map(([name, value, more]) => html`<div><dt>${name}</dt><dd><strong>${value}</strong> <small>${more}</small></dd></div>`)}</dl>
<div class="tools"><nav aria-label="Sections">${SECTIONS.map(([id, title]) => html`<a href="#${id}">${title}</a>`)}</nav>
<div class="search"><label for="search">Search</label> <input id="search" type="search" autocomplete="off" spellcheck="false" aria-describedby="hits"> <span id="hits" role="status"></span> <button id="theme" type="button">Dark or light</button></div></div>
</header>`;
}

function tiles(report: FleetReport): readonly (readonly [name: string, value: string, more: string])[] {
  const { plan, callsByMode, certificates, findings, services } = report;
  const [widest] = services;
  const least = certificates[0];
  const inside = plan.edges.length;
  return [
    ['Services', String(services.length), `in ${plural(plan.namespaces.length, 'namespace')}`],
    ['Calls with mutual TLS, strict', `${callsByMode.strict} of ${inside}`, `and ${plan.externalEdges.length} across the border`],
    [
      'Least time left at renewal',
      least === undefined ? '–' : durationText(least.leftSeconds),
      least === undefined ? 'no certificate' : `of ${plural(certificates.length, 'certificate')}`,
    ],
    ['Widest reach of a stolen key', widest === undefined ? '–' : `${widest.reach} of ${services.length - 1}`, widest?.name ?? ''],
    [
      'Findings',
      String(findings.length),
      findings.length === 0
        ? 'of schemas, proof and linter'
        : `${plural(countOf(findings, 'error'), 'error')}, ${plural(countOf(findings, 'warning'), 'warning')}`,
    ],
  ];
}
