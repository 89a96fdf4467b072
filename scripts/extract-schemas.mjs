// Makes schemas/*.json anew from the modules in schemas/versions.json. Needs `go`; see schemas/README.md.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const schemas = fileURLToPath(new URL('../schemas', import.meta.url));
const versions = JSON.parse(readFileSync(join(schemas, 'versions.json'), 'utf8'));

// podTemplate is a third of a megabyte of pod fields for the solver pod of ACME HTTP-01, which we never write
const ACME_POD_TEMPLATES = ['ingress', 'gatewayHTTPRoute'].map(solver => `acme.solvers.http01.${solver}.podTemplate`);
const CUSTOM = [
  ['cert-manager', 'deploy/crds/cert-manager.io_certificates.yaml'],
  ['cert-manager', 'deploy/crds/cert-manager.io_clusterissuers.yaml', ACME_POD_TEMPLATES],
  ['cert-manager', 'deploy/crds/cert-manager.io_issuers.yaml', ACME_POD_TEMPLATES],
  ['trust-manager', 'deploy/crds/trust.cert-manager.io_bundles.yaml'],
  ['trust-manager', 'deploy/crds/trust-manager.io_clusterbundles.yaml'],
  ['approver-policy', 'deploy/crds/policy.cert-manager.io_certificaterequestpolicies.yaml'],
  ['prometheus-operator', 'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml'],
  ['prometheus-operator', 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml'],
  ['prometheus-operator', 'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml'],
];
// what examples/gitops is held to; nothing that we render, so they stand apart and are not compiled into the program
// an ApplicationSet repeats its template and its generators in each other: only those of the examples are kept
const OTHER_GENERATORS = ['clusterDecisionResource', 'matrix', 'merge', 'plugin', 'pullRequest', 'scmProvider'].map(
  name => `generators.${name}`,
);
const GENERATOR_TEMPLATES = ['clusters', 'git', 'list'].map(name => `generators.${name}.template`);
const GITOPS = [
  ['argo-cd', 'manifests/crds/application-crd.yaml'],
  ['argo-cd', 'manifests/crds/applicationset-crd.yaml', [...OTHER_GENERATORS, ...GENERATOR_TEMPLATES]],
  ['argo-cd', 'manifests/crds/appproject-crd.yaml'],
  ['flux-kustomize-controller', 'config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml'],
  ['flux-source-controller', 'config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml'],
  ['flux-source-controller', 'config/crd/bases/source.toolkit.fluxcd.io_helmrepositories.yaml'],
  ['flux-source-controller', 'config/crd/bases/source.toolkit.fluxcd.io_ocirepositories.yaml'],
  ['flux-helm-controller', 'config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml'],
];
const CORE = {
  v1: ['Namespace', 'ServiceAccount', 'Service', 'ConfigMap', 'Secret'],
  'apps/v1': ['Deployment', 'StatefulSet', 'DaemonSet'],
  'batch/v1': ['Job', 'CronJob'],
  'networking.k8s.io/v1': ['NetworkPolicy'],
  'policy/v1': ['PodDisruptionBudget'],
  'rbac.authorization.k8s.io/v1': ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
};
const CLUSTER_SCOPED = ['Namespace', 'ClusterRole', 'ClusterRoleBinding'];
// the published schema of these kinds does not require it, but without it the object means nothing, or far too much
const SPEC_REQUIRED = ['Service', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'NetworkPolicy', 'PodDisruptionBudget'];

const LABEL = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
// the parts of a subdomain have no length of their own in Kubernetes: "sentinel-service-…" may be longer than 63
const PART = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]';
const NAMES = {
  subdomain: { title: 'a DNS-1123 subdomain', pattern: `^${PART}(\\.${PART})*$`, maxLength: 253 },
  label: { title: 'a DNS-1123 label', pattern: `^${LABEL}$` },
  service: { title: 'a DNS-1035 label', pattern: '^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$' },
  pathSegment: { title: 'a name without "/" and "%"', pattern: '^[^/%]+$' },
  labelValue: { title: 'a label value', pattern: `^(${QUALIFIED_NAME})?$` },
  key: { title: 'a label or annotation key', pattern: `^(${PART}(\\.${PART})*/)?${QUALIFIED_NAME}$` },
};
const QUANTITY = '^[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$';

const directories = new Map();
function moduleDirectory(name) {
  const { module, version } = versions[name];
  if (!directories.has(name)) {
    const text = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { cwd: tmpdir(), encoding: 'utf8' });
    directories.set(name, JSON.parse(text).Dir);
  }
  return directories.get(name);
}
const read = (name, file) => readFileSync(join(moduleDirectory(name), file), 'utf8');

/** RE2 → JavaScript: `(?i)` holds to the end of its group; whatever else does not compile stops the extraction. */
function pattern(re2) {
  let text = re2;
  for (let at = text.indexOf('(?i)'); at >= 0; at = text.indexOf('(?i)')) {
    let end = at + 4;
    for (let depth = 0; end < text.length && depth >= 0; end++) depth += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0;
    const body = text
      .slice(at + 4, end)
      .replace(/\\.|\[[^\]]*\]|[A-Za-z]/g, c => (c.length > 1 ? c : `[${c.toLowerCase()}${c.toUpperCase()}]`));
    text = text.slice(0, at) + body + text.slice(end);
  }
  return new RegExp(text, 'u').source;
}

/** The two commonest CEL rules are plain JSON Schema; returns undefined for any other. */
function fromCel({ rule }) {
  const fields = [...new Set([...rule.matchAll(/has\(self\.(\w+)\)/g)].map(match => match[1]))];
  const list = fields.map(field => `has(self.${field})`).join(',');
  const sum = fields.map(field => `(has(self.${field}) ? 1 : 0)`).join(' + ');
  const branches = fields.map(field => ({ required: [field] }));
  if (rule === `[${list}].filter(x,x==true).size() == 1` || rule === `${sum} == 1`) return { oneOf: branches };
  if (rule === `[${list}].filter(x,x==true).size() >= 1`) return { anyOf: branches };
  return undefined;
}

/** Copies the keywords that state facts, closes typed objects; `path` is the dotted path of fields below spec. */
function strict(node, count, open = [], path = '') {
  if (node.$ref) return { $ref: `definitions.json#/definitions/${shortName(node.$ref.slice('#/definitions/'.length))}` };
  if (open.includes(path)) return { type: 'object' };
  const kept = [
    'enum',
    'minimum',
    'maximum',
    'minLength',
    'maxLength',
    'minItems',
    'maxItems',
    'minProperties',
    'maxProperties',
    'required',
  ];
  const out = {};
  if (node.type) out.type = node.type;
  if (node['x-kubernetes-int-or-string'] || node.format === 'int-or-string') out.type = ['integer', 'string'];
  for (const key of kept) if (node[key] !== undefined) out[key] = node[key];
  if (node.pattern) out.pattern = pattern(node.pattern);
  if (node.format === 'int32') Object.assign(out, { minimum: node.minimum ?? -(2 ** 31), maximum: node.maximum ?? 2 ** 31 - 1 });
  if (node.format === 'byte') Object.assign(out, { title: 'base64', pattern: '^[A-Za-z0-9+/\\r\\n]*={0,2}[\\r\\n]*$' });
  if (node.format === 'date-time')
    Object.assign(out, { title: 'an RFC 3339 time', pattern: '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d' });
  if (node['x-kubernetes-list-type'] === 'set') out.uniqueItems = true;
  if (node.nullable && out.type) out.type = [out.type, 'null'].flat();
  if (node.items) out.items = strict(node.items, count, open, path);
  if (node.properties) {
    const child = name => (path === '' ? name : `${path}.${name}`);
    out.properties = Object.fromEntries(Object.entries(node.properties).map(([k, v]) => [k, strict(v, count, open, child(k))]));
    if (!node['x-kubernetes-preserve-unknown-fields']) out.additionalProperties = false;
  } else if (node.additionalProperties && typeof node.additionalProperties === 'object') {
    out.additionalProperties = strict(node.additionalProperties, count, open, path);
  }
  for (const rule of node['x-kubernetes-validations'] ?? []) {
    const rewritten = fromCel(rule);
    count[rewritten ? 'rewritten' : 'dropped']++;
    Object.assign(out, rewritten);
  }
  return out;
}

function objectSchema(apiVersion, kind, clusterScoped, name, properties, required) {
  const meta = clusterScoped ? 'ClusterObjectMeta' : 'ObjectMeta';
  return {
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', ...required],
    properties: {
      apiVersion: { const: apiVersion },
      kind: { const: kind },
      metadata: { $ref: `definitions.json#/definitions/meta.v1.${meta}`, required: ['name'], properties: { name } },
      ...properties,
    },
    additionalProperties: false,
  };
}

/** `io.k8s.api.core.v1.Pod` → `core.v1.Pod` */
const shortName = name => name.replace(/^io\.k8s\.(api|apimachinery\.pkg\.(apis|util|api))\./, '');
const fileName = (apiVersion, kind) => `${apiVersion.includes('/') ? apiVersion.replace('/', '_') : `core_${apiVersion}`}_${kind}.json`;

/** One property a line where it fits, so that an upgrade can be reviewed. */
function format(value, indent = '') {
  const flat = JSON.stringify(value, undefined, 1)?.replace(/\n\s*/g, ' ');
  if (value === null || typeof value !== 'object' || flat.length + indent.length <= 130) return flat;
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map(item => inner + format(item, inner))
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${format(item, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}
function write(file, schema, source, folder = '') {
  writeFileSync(join(schemas, folder, file), `${format({ $id: file, $comment: source, ...schema })}\n`);
}
const sourceOf = (name, file) => `${versions[name].module} ${versions[name].version} ${file}`;

/** Values of the `+enum` string types and where they stand, read from the Go types: `core.v1.ServiceSpec.type` → [...]. */
function coreEnums() {
  const enums = new Map();
  for (const folder of ['core', 'apps', 'batch', 'networking', 'policy', 'rbac']) {
    const text = read('kubernetes-api', `${folder}/v1/types.go`);
    const types = new Map([...text.matchAll(/^\/\/ \+enum\n(?:\/\/.*\n)*type (\w+) string$/gm)].map(match => [match[1], []]));
    for (const [, type, value] of text.matchAll(/^\s+\w+\s+(\w+)\s*=\s*"([^"]*)"/gm)) types.get(type)?.push(value);
    for (const [, struct, body] of text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm))
      for (const [, list, type, field] of body.matchAll(/^\s+\w+\s+(\[\])?\*?(\w+)\s+`json:"(\w+)/gm))
        if (types.get(type)?.length)
          enums.set(`${folder}.v1.${struct}.${field}`, { list: list === '[]', values: [...new Set(types.get(type))] });
  }
  return enums;
}

function core() {
  const { definitions } = JSON.parse(read('kubernetes', 'api/openapi-spec/swagger.json'));
  const enums = coreEnums();
  const full = new Map(Object.keys(definitions).map(name => [shortName(name), name]));
  const out = {};
  const add = name => {
    if (out[name]) return;
    const schema = strict(definitions[full.get(name)], {});
    out[name] = schema;
    for (const [field, property] of Object.entries(schema.properties ?? {})) {
      const found = enums.get(`${name}.${field}`);
      if (found?.list) property.items = { ...property.items, enum: found.values };
      else if (found) property.enum = found.values;
    }
    references(schema).forEach(add);
  };
  const references = schema => [...JSON.stringify(schema).matchAll(/definitions\.json#\/definitions\/([\w.]+)/g)].map(match => match[1]);
  for (const [apiVersion, kinds] of Object.entries(CORE))
    for (const kind of kinds) {
      const group = apiVersion === 'v1' ? 'core' : apiVersion.split(/[./]/)[0];
      const { properties, required = [] } = strict(definitions[full.get(`${group}.v1.${kind}`)], {});
      const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = properties;
      if (rest.status) rest.status = { type: 'object' };
      references(rest).forEach(add);
      const needed = SPEC_REQUIRED.includes(kind) ? ['spec'] : required;
      const name =
        group === 'rbac' ? NAMES.pathSegment : kind === 'Namespace' ? NAMES.label : kind === 'Service' ? NAMES.service : NAMES.subdomain;
      const schema = objectSchema(apiVersion, kind, CLUSTER_SCOPED.includes(kind), name, rest, needed);
      write(fileName(apiVersion, kind), schema, sourceOf('kubernetes', 'api/openapi-spec/swagger.json'));
    }
  add('meta.v1.ObjectMeta');
  const meta = out['meta.v1.ObjectMeta'].properties;
  meta.managedFields = { type: 'array' };
  // `kubectl create --dry-run` of older versions prints null here, and the server takes it for absent
  meta.creationTimestamp = { type: ['string', 'null'] };
  meta.labels = { type: 'object', propertyNames: NAMES.key, additionalProperties: { type: 'string', ...NAMES.labelValue } };
  meta.annotations = { type: 'object', propertyNames: NAMES.key, additionalProperties: { type: 'string' } };
  const { namespace: _, ...unplaced } = meta;
  out['meta.v1.ClusterObjectMeta'] = { ...out['meta.v1.ObjectMeta'], properties: unplaced };
  out['resource.Quantity'] = { type: ['string', 'number'], title: 'a quantity such as 100m or 64Mi', pattern: QUANTITY };
  delete out['meta.v1.ManagedFieldsEntry'];
  delete out['meta.v1.FieldsV1'];
  const sorted = Object.fromEntries(Object.entries(out).sort(([a], [b]) => (a < b ? -1 : 1)));
  write('definitions.json', { definitions: sorted }, sourceOf('kubernetes', 'api/openapi-spec/swagger.json'));
}

function custom(crds, folder) {
  for (const [name, file, open] of crds) {
    const { spec } = parse(read(name, file));
    const version = spec.versions.find(candidate => candidate.storage);
    const count = { rewritten: 0, dropped: 0 };
    const body = strict(version.schema.openAPIV3Schema.properties.spec, count, open);
    const apiVersion = `${spec.group}/${version.name}`;
    const properties = { spec: body, status: { type: 'object' } };
    const { kind } = spec.names;
    const schema = objectSchema(apiVersion, kind, spec.scope === 'Cluster', NAMES.subdomain, properties, ['spec']);
    const cel = count.rewritten + count.dropped === 0 ? '' : `; CEL: ${count.rewritten} rewritten, ${count.dropped} not checked`;
    write(fileName(apiVersion, kind), schema, sourceOf(name, file) + cel, folder);
  }
}

/** Only the top level: kustomize publishes no schema, but refuses unknown fields by its Go type. */
function kustomization() {
  const body = /^type Kustomization struct \{\n([\s\S]*?)^\}/m.exec(read('kustomize', 'types/kustomization.go'))[1];
  const known = { string: { type: 'string' }, '[]string': { type: 'array', items: { type: 'string' } } };
  const map = { type: 'object', additionalProperties: { type: 'string' } };
  const schemaOf = type => known[type] ?? (type === 'map[string]string' ? map : { type: type.startsWith('[]') ? 'array' : 'object' });
  const fields = [...body.matchAll(/^\s+\w+\s+(\S+)\s+`json:"(\w+)/gm)].map(([, type, field]) => [field, schemaOf(type)]);
  const apiVersion = 'kustomize.config.k8s.io/v1beta1';
  const properties = { apiVersion: { const: apiVersion }, kind: { const: 'Kustomization' }, ...Object.fromEntries(fields) };
  const schema = { type: 'object', required: ['apiVersion', 'kind'], properties, additionalProperties: false };
  write(fileName(apiVersion, 'Kustomization'), schema, sourceOf('kustomize', 'types/kustomization.go'));
}

for (const file of readdirSync(schemas, { recursive: true, encoding: 'utf8' }))
  if (/^(?:gitops\/)?[^/]+\.json$/.test(file) && file !== 'versions.json') rmSync(join(schemas, file));
mkdirSync(join(schemas, 'gitops'), { recursive: true });
core();
custom(CUSTOM);
custom(GITOPS, 'gitops');
kustomization();
