import { comment, quoted } from './_yaml-text.js';
import type { Draft, DraftCall, DraftExternal, DraftPort, DraftService } from './draft.js';

/** A draft as a fleet file in which every guess stands beside its reason. */
export function draftYaml(draft: Draft, schema: string): string {
  const lines = [
    `# yaml-language-server: $schema=${comment(schema)}`,
    `# Read from ${comment(draft.source)} by sentinel-mtls import. Comments say where each guess comes from:`,
    '# go through them, correct what is wrong, and remove them. Then: sentinel-mtls synth, sentinel-mtls prove.',
    ...(draft.open.length === 0 ? [] : ['#', '# Open, for you to decide:', ...draft.open.map(text => `# - ${comment(text)}`)]),
    `fleet: ${quoted(draft.fleet)}`,
    `namespace: ${quoted(draft.namespace)}`,
    `trustDomain: ${quoted(draft.trustDomain)} # part of every identity: choose it once`,
    '',
    '# So that a call that was overlooked breaks nothing: certificates are issued, nobody has to use them, and no',
    '# NetworkPolicy is written. Take both away step by step: docs/guide/adopting.md.',
    'mode: disabled',
    'network: { policies: false }',
    '',
    'environments:',
    '  prod:',
    `    authority: ${draft.authority.yaml} # ${comment(draft.authority.note)}`,
    '',
    'services:',
    ...draft.services.flatMap(service => [...serviceLines(service, draft.namespace), '']),
    ...(draft.externals.length === 0 ? [] : ['externals:', ...draft.externals.flatMap(externalLines)]),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function serviceLines(service: DraftService, namespace: string): readonly string[] {
  const existing = [
    `kind: ${service.kind}`,
    ...(service.workloads.length === 0 ? [] : [`names: [${service.workloads.map(quoted).join(', ')}]`]),
    `selector: { ${Object.entries(service.selector)
      .map(([key, value]) => `${quoted(key)}: ${quoted(value)}`)
      .join(', ')} }`,
    ...(service.containers.length === 0 ? [] : [`containers: [${service.containers.map(quoted).join(', ')}]`]),
  ];
  return [
    ...(service.note === '' ? [] : [`  # ${comment(service.note)}`]),
    `  ${quoted(service.name)}:`,
    ...(service.namespace === namespace ? [] : [`    namespace: ${quoted(service.namespace)}`]),
    `    existing: { ${existing.join(', ')} }`,
    ...(service.serviceAccount === undefined ? [] : [`    serviceAccount: ${quoted(service.serviceAccount)}`]),
    ...(service.accountNote === undefined ? [] : [`    # ${comment(service.accountNote)}`]),
    ...(service.certificate === undefined ? [] : [`    certificate: ${service.certificate.yaml} # ${comment(service.certificate.note)}`]),
    ...(service.ports.length === 0 ? [] : ['    ports:', ...service.ports.map(portLine)]),
    ...(service.calls.length === 0 ? [] : ['    calls:', ...service.calls.map(callLine)]),
  ];
}

function portLine({ name, port, targetPort, protocol, note }: DraftPort): string {
  const target = targetPort === port ? '' : `, targetPort: ${targetPort}`;
  return `      ${quoted(name)}: { port: ${port}${target}, protocol: ${protocol} }${note === '' ? '' : ` # ${comment(note)}`}`;
}

const callLine = ({ to, note }: DraftCall): string => `      - ${JSON.stringify(to)} # ${comment(note)}`;

const externalLines = ({ name, at, calls, note }: DraftExternal): readonly string[] => [
  `  ${quoted(name)}: # ${comment(note)}; ports with mutual TLS want its spiffeId`,
  `    at: ${at}`,
  ...(calls.length === 0 ? [] : ['    calls:', ...calls.map(callLine)]),
];
