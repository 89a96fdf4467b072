import { Emitter } from './emit.js';
import { TOP } from './expression.js';
import type { Head } from './fragments.js';
import { type Guard, VALIDATE_CERTIFICATE } from './guards.js';
import { DURATION, IMAGE, MERGE, MERGE_BY, SECONDS } from './helpers.js';
import { type Param, PREFIX } from './param.js';
import type { ChartTree, TreeObject } from './tree.js';

interface TemplateText {
  readonly head: Head;
  readonly texts: string[];
}

/** Templates by path in the chart. */
export function templateFiles(
  tree: ChartTree,
  objects: Iterable<TreeObject>,
  guards: readonly Guard[],
  chartName: string,
): Map<string, string> {
  const named = (text: string): string => text.replaceAll(PREFIX, `${chartName}.`);
  const bodies = new Map<string, string>();
  const names = new Map<string, string>();
  const emitter = new Emitter({
    named(wish, body) {
      const known = names.get(body);
      if (known !== undefined) return known;
      const name = freeName(bodies, wish);
      bodies.set(name, body);
      names.set(body, name);
      return name;
    },
  });
  const files = new Map<string, TemplateText>();
  for (const { service, plane, node, when } of objects) {
    const path = `templates/${service ? `services/${service.name}` : plane}.yaml`;
    const file: TemplateText = files.get(path) ?? { head: { block: service?.key, variables: new Map() }, texts: [] };
    files.set(path, file);
    // replaced at once: a text put together from thousands of pieces is a tree of them until somebody reads it
    file.texts.push(named(emitter.object(node, when, file.head)));
  }
  const result = new Map([...files].map(([path, { head, texts }]) => [path, withHead(texts.join(''), head)]));
  result.set('templates/extra-objects.yaml', EXTRA_OBJECTS);
  result.set('templates/validate.yaml', validation(guards));
  result.set('templates/_helpers.tpl', helpers(tree, bodies));
  return new Map([...result].map(([path, text]) => [path, named(text)]));
}

function freeName(taken: ReadonlyMap<string, string>, wish: string): string {
  let name = wish;
  for (let number = 2; taken.has(name); number++) name = `${wish}.${number}`;
  return name;
}

/** Before the text, what it names: each is worked out once a file, however many objects ask for it. */
function withHead(text: string, { block, variables }: Head = NO_HEAD): string {
  const lines = block === undefined ? [] : [`{{- $service := .Values.${block} -}}\n`];
  for (const [name, pattern] of NAMED) {
    if (pattern.test(text)) lines.push(`{{- $${name} := include "${PREFIX}${name}" . -}}\n`);
  }
  for (const [variable, template] of variables) lines.push(`{{- ${variable} := include "${PREFIX}${template}" . -}}\n`);
  return lines.join('') + text;
}

const NAMED = ['mode', 'namespace', 'fullname'].map(name => [name, new RegExp(`\\$${name}\\b`)] as const);

const NO_HEAD: Head = { block: undefined, variables: new Map() };

const EXTRA_OBJECTS = `{{- range .Values.extraObjects }}
---
{{ tpl (kindIs "string" . | ternary . (toYaml .)) $ }}
{{- end }}
`;

/** Renders nothing; fails for values that contradict each other. */
const validation = (guards: readonly Guard[]): string => guards.map(({ template }) => template).join('');

function helpers(tree: ChartTree, fragments: ReadonlyMap<string, string>): string {
  const { global } = tree;
  const define = (name: string, body: string): string => `{{- define "${PREFIX}${name}" -}}\n${body}\n{{- end }}\n`;
  const fullname = `.Values.fullnameOverride | default .Values.nameOverride | default ${JSON.stringify(tree.fleet.fleet)}`;
  const parts = [
    define('chart', '{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}'),
    define('fullname', `{{- ${fullname} -}}`),
    define('namespace', '{{- .Values.namespaceOverride | default .Release.Namespace -}}'),
    define('mode', `{{- ternary .Values.global.mtls.mode "disabled" .Values.global.mtls.enabled -}}`),
    define(
      'issuer',
      `{{- $name := ${global.issuerValue.go(TOP)} -}}\n{{- $name | default (printf "%s-ca-issuer" (include "${PREFIX}fullname" .)) -}}`,
    ),
    define(DURATION.name, DURATION.template),
    define(SECONDS.name, SECONDS.template),
    define(IMAGE.name, IMAGE.template),
    define(MERGE.name, MERGE.template),
    define(MERGE_BY.name, MERGE_BY.template),
    define('validateCertificate', VALIDATE_CERTIFICATE),
    ...global.values.params.filter(param => param.template !== undefined).map(param => define(param.template ?? '', fallback(param))),
    ...[...fragments].map(([name, body]) => define(name, withHead(body.trimEnd()))),
  ];
  return parts.join('\n');
}

/** The value, or what stands for an empty one in each environment. */
function fallback(param: Param): string {
  const { fallback: empty } = param.props;
  if (empty?.kind !== 'environment') throw new Error(`${param.path} has no fallback by environment`);
  const given = param.goValue(TOP);
  const environment = empty.environment.go(TOP);
  const structured = param.kind === 'map' || param.kind === 'list';
  const groups = new Map<string, string[]>();
  for (const [name, value] of Object.entries(empty.values)) {
    const text = structured ? JSON.stringify(value) : String(value);
    groups.set(text, [...(groups.get(text) ?? []), name]);
  }
  const last = [...groups].sort(([, a], [, b]) => a.length - b.length);
  const cases = last.map(([text, names], index) => {
    const test =
      names.length === 1
        ? `eq ${environment} ${JSON.stringify(names[0])}`
        : `has ${environment} (list ${names.map(name => JSON.stringify(name)).join(' ')})`;
    const print = structured ? `{{- ${JSON.stringify(text)} | fromJson${param.kind === 'list' ? 'Array' : ''} | toYaml -}}` : text;
    const head = index === 0 ? `{{- if ${test} -}}` : index === last.length - 1 ? '{{- else -}}' : `{{- else if ${test} -}}`;
    return `${head}\n${print}\n`;
  });
  const isGiven = param.kind === 'string' ? given : `not (kindIs "invalid" ${given})`;
  const print = structured ? `toYaml ${given}` : param.kind === 'integer' ? `${given} | int64` : given;
  return `{{- if ${isGiven} -}}\n{{- ${print} -}}\n{{- else -}}\n${cases.join('')}{{- end -}}\n{{- end -}}`;
}
