import { helms } from '../../_helm.js';
import { chartFolder, chartOf, sentinel } from './_chart.js';
import { expected, rendered } from './_equality.js';

interface Mutant {
  readonly rule: string;
  readonly from: RegExp;
  readonly to: string;
}

/** Each rule of the emitter, broken: what the templates would look like without it. */
const MUTANTS: readonly Mutant[] = [
  { rule: 'texts are quoted', from: / \| quote }}/g, to: ' }}' },
  { rule: 'whole numbers are written as such', from: / \| int64 (-?}})/g, to: ' $1' },
  { rule: 'the beginning of an action in a text is printed', from: /\{\{ "\{\{" \}\}/g, to: '{{`{{`}} ' },
  { rule: 'maps are indented', from: /toYaml \. \| nindent 8/g, to: 'toYaml . | nindent 6' },
  {
    rule: 'empty maps are left out',
    from: /\{\{- with \.nodeSelector }}/g,
    to: '{{- if true }}{{- with .tolerations }}{{ end }}',
  },
  { rule: 'no key stands in a map twice, and those of the chart win', from: /omit (\(.*\)|\S+) "(?:helm|app)[^}]*}}/g, to: '$1 }}' },
  { rule: 'labels of all objects are added', from: /\.Values\.commonLabels/g, to: 'dict' },
  {
    rule: 'an annotation of the object is stronger than one of all',
    from: /\(list \.Values\.commonAnnotations (\S+)\)/g,
    to: '(list $1 .Values.commonAnnotations)',
  },
  { rule: 'a condition holds in its modes only', from: /ne \$mode "disabled"/g, to: 'eq $mode "strict"' },
  { rule: 'a condition holds in its environments only', from: /eq \.Values\.environment "dev"/g, to: 'ne .Values.environment "dev"' },
  { rule: 'a switch switches', from: /\$service\.enabled/g, to: 'true' },
  {
    rule: 'mutual TLS can be off',
    from: /ternary \.Values\.global\.mtls\.mode "disabled" \.Values\.global\.mtls\.enabled/g,
    to: '.Values.global.mtls.mode',
  },
  {
    rule: 'null is no number',
    from: /if not \(kindIs "invalid" \.minReadySeconds\)/g,
    to: 'if .minReadySeconds',
  },
  { rule: 'a number or text keeps its kind', from: / \| toJson }}/g, to: ' | quote }}' },
  { rule: 'one variable a name', from: /set \$byKey \$name \$item/g, to: 'set $byKey $name (get $byKey $name | default $item)' },
  { rule: 'durations are canonical', from: /include "[^"]*\.seconds" \. \| int64 \| duration/g, to: '.' },
  { rule: 'a digest is stronger than a tag', from: /if \.image\.digest }}@\{\{ \.image\.digest }}\{\{ else if/g, to: 'if' },
  {
    rule: 'a registry of all images is stronger',
    from: /\.registry \| default \.image\.registry/g,
    to: '.image.registry | default .registry',
  },
  { rule: 'what the environment decides follows it', from: /\{\{- if eq \.Values\.environment "prod" -}}\n3/g, to: '{{- if false -}}\n3' },
  { rule: 'the namespace is that of the release', from: /default \.Release\.Namespace/g, to: 'default "sentinel-system"' },
  { rule: 'names follow the override', from: /\.Values\.fullnameOverride \| default /g, to: '' },
  { rule: 'lists of the values are appended', from: /\{\{- with \$service\.extraVolumes }}/g, to: '{{- with list }}' },
  { rule: 'further objects are rendered', from: /range \.Values\.extraObjects/g, to: 'range list' },
  { rule: 'contradictions are refused', from: /fail \(printf/g, to: 'print (printf' },
];

/** Values that between them touch every rule; the property tests draw thousands of others. */
const CASES: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { environment: 'prod', monitoring: { enabled: true } },
  { environment: 'staging', global: { mtls: { mode: 'permissive' } }, monitoring: { enabled: true } },
  { global: { mtls: { enabled: false } }, controlApi: { enabled: false } },
  {
    fullnameOverride: 'other',
    commonLabels: { app: 'mine', 'app.kubernetes.io/name': 'mine', year: '2026' },
    commonAnnotations: { note: '', both: 'all' },
    global: { imageRegistry: 'mirror.example', mtls: { certificateDuration: '1000h' } },
    controlApi: {
      replicaCount: 1_979_982_517,
      image: { digest: `sha256:${'0'.repeat(64)}` },
      podAnnotations: { both: 'own' },
      podDisruptionBudget: { enabled: true, maxUnavailable: 2 },
      nodeSelector: { disk: '0777' },
      tolerations: [{ key: 'a', operator: 'Exists' }],
      priorityClassName: '1e3',
      minReadySeconds: 0,
      env: [{ name: 'MTLS_MODE', value: 'audit' }],
      extraEnv: [{ name: 'X', value: '{{ .Values }}' }],
      extraVolumes: [{ name: 'tmp', emptyDir: {} }],
      livenessProbe: { httpGet: { path: '/x' } },
    },
    infraAdapter: { replicaCount: 1_979_982_517 },
    extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'extra' }, data: { a: 'b' } }],
  },
  { global: { mtls: { certificateDuration: '360h' } } },
];

const [helm] = helms().slice(-1);

(helm === undefined ? test.skip : test)(
  'each rule of the emitter, broken, is found',
  async () => {
    const chart = chartOf(sentinel());
    const table: string[] = [];
    for (const { rule, from, to } of [{ rule: 'none: the chart as it is', from: /(?!)/g, to: '' }, ...MUTANTS]) {
      let touched = 0;
      const folder = chartFolder(chart, (path, text) => {
        if (!path.startsWith('templates/') || path.endsWith('NOTES.txt')) return text;
        return text.replace(from, (...groups) => {
          touched++;
          return to.replaceAll('$1', String(groups[1]));
        });
      });
      const killer = await firstDifference(folder);
      table.push(`${rule}: ${killer ?? 'survived'} (${touched} places)`);
      if (from.source === '(?!)') expect(killer).toBeUndefined();
      else expect([rule, touched > 0, killer !== undefined]).toEqual([rule, true, true]);
    }
    console.log(`mutants of the emitter and what finds them\n${table.map(row => `  ${row}`).join('\n')}`);

    /** What of a mutant's output is not what the constructs make. */
    async function firstDifference(folder: string): Promise<string | undefined> {
      if (helm === undefined) return undefined;
      for (const [index, values] of CASES.entries()) {
        const want = expected(chart, values);
        try {
          expect(await rendered(helm, folder, values)).toEqual(want);
        } catch (error) {
          return `values ${index}, ${String(error).includes('toEqual') ? 'an object differs' : 'Helm refuses or writes a float'}`;
        }
      }
      return undefined;
    }
  },
  600_000,
);
