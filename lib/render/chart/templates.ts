import { Emitter, type Fragments } from './emit.js';
import { type Guard, VALIDATE_CERTIFICATE } from './guards.js';
import { DURATION, IMAGE, MERGE, MERGE_BY, SECONDS } from './helpers.js';
import { type Param, PREFIX } from './param.js';
import type { ChartTree, TreeObject } from './tree.js';

/** Templates by path in the chart. */
export function templateFiles(
  tree: ChartTree,
  objects: readonly TreeObject[],
  guards: readonly Guard[],
  chartName: string,
): Map<string, string> {
  const bodies = new Map<string, string>();
  const wishes = new Map<string, string>();
  let owner = '';
  const fragments: Fragments = {
    named(wish, body, owned = true) {
      const known = wishes.get(body);
      if (known !== undefined) return known;
      const name = bodies.has(wish) ? freeName(bodies, `${owner === '' || !owned ? '' : `${owner}.`}${wish}`) : wish;
      bodies.set(name, body);
      wishes.set(body, name);
      return name;
    },
  };
  const emitter = new Emitter(fragments);
  const files = new Map<string, string>();
  for (const object of objects) {
    owner = object.service?.key ?? '';
    const path = `templates/${object.service ? `${object.service.name}/` : ''}${object.plane}.yaml`;
    files.set(path, (files.get(path) ?? '') + emitter.object(object.node, object.when, object.service?.key));
  }
  for (const [path, text] of files) files.set(path, withMode(text));
  files.set('templates/extra-objects.yaml', EXTRA_OBJECTS);
  files.set('templates/validate.yaml', validation(guards));
  files.set('templates/_helpers.tpl', helpers(tree, bodies));
  return new Map([...files].map(([path, text]) => [path, text.replaceAll(PREFIX, `${chartName}.`)]));
}

function freeName(taken: ReadonlyMap<string, string>, wish: string): string {
  let name = wish;
  for (let number = 2; taken.has(name); number++) name = `${wish}.${number}`;
  return name;
}

/** The mode is worked out once a file. */
const withMode = (text: string): string => (/\$mode\b/.test(text) ? `{{- $mode := include "${PREFIX}mode" . }}\n${text}` : text);

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
      `{{- $name := ${global.issuerValue.go('.')} -}}\n{{- $name | default (printf "%s-ca-issuer" (include "${PREFIX}fullname" .)) -}}`,
    ),
    define(DURATION.name, DURATION.template),
    define(SECONDS.name, SECONDS.template),
    define(IMAGE.name, IMAGE.template),
    define(MERGE.name, MERGE.template),
    define(MERGE_BY.name, MERGE_BY.template),
    define('validateCertificate', VALIDATE_CERTIFICATE),
    ...global.values.params.filter(param => param.template !== undefined).map(param => define(param.template ?? '', fallback(param))),
    ...[...fragments].map(([name, body]) => define(name, withMode(body.trimEnd()))),
  ];
  return parts.join('\n');
}

/** The value, or what stands for an empty one in each environment. */
function fallback(param: Param): string {
  const { fallback: empty } = param.props;
  if (empty?.kind !== 'environment') throw new Error(`${param.path} has no fallback by environment`);
  const given = param.goValue('.');
  const environment = empty.environment.go('.');
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
