import { canonicalDuration, parseDuration } from '../../pki/index.js';
import type { Helper } from './call.js';
import { PREFIX } from './param.js';

type Texts = Readonly<Record<string, string | undefined>>;

/** A duration of Go as a number of seconds; sprig can only add one to a date. */
export const SECONDS = {
  name: 'seconds',
  template: `{{- $start := toDate "2006-01-02" "2000-01-01" -}}
{{- sub ($start | dateModify . | unixEpoch) (unixEpoch $start) -}}`,
} as const;

/** `2160h` as `2160h0m0s`, the form in which the API server stores it: any other one is a difference for ever. */
export const DURATION: Helper = {
  name: 'duration',
  kind: 'string',
  template: `{{- include "${PREFIX}${SECONDS.name}" . | int64 | duration -}}`,
  evaluate: ([text]) => canonicalDuration(parseDuration(String(text)) ?? Number.NaN),
};

/** Registry, repository, tag and digest of one image; the digest wins, and the registry of all images over its own. */
export const IMAGE: Helper = {
  name: 'image',
  kind: 'string',
  template: `{{- $registry := .registry | default .image.registry -}}
{{- with $registry }}{{ . }}/{{ end }}{{ .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}{{ else if .image.tag }}:{{ .image.tag }}{{ end -}}`,
  argument: ([registry, image]) => `dict "registry" ${registry} "image" ${image}`,
  evaluate: ([registry, image]) => {
    const { registry: own, repository, tag, digest } = image as Texts;
    const from = (registry as string) || own;
    return `${from ? `${from}/` : ''}${repository}${digest ? `@${digest}` : tag ? `:${tag}` : ''}`;
  },
};

/** Lists of maps as one: items with the same key are one, the last of them at the place of the first. */
export const MERGE_BY = {
  name: 'mergeBy',
  template: `{{- $key := first . -}}
{{- $byKey := dict -}}
{{- $keys := list -}}
{{- range $items := rest . -}}
{{- range $item := $items -}}
{{- $name := get $item $key -}}
{{- if not (hasKey $byKey $name) }}{{ $keys = append $keys $name }}{{ end -}}
{{- $_ := set $byKey $name $item -}}
{{- end -}}
{{- end -}}
{{- $merged := list -}}
{{- range $name := $keys }}{{ $merged = append $merged (get $byKey $name) }}{{ end -}}
{{- toYaml $merged -}}`,
} as const;

/** Maps as one, the last one strongest. Sprig's own merge takes an empty text for none. */
export const MERGE = {
  name: 'merge',
  template: `{{- $merged := dict -}}
{{- range $map := . -}}
{{- range $key, $value := $map }}{{ $_ := set $merged $key $value }}{{ end -}}
{{- end -}}
{{- toYaml $merged -}}`,
} as const;
