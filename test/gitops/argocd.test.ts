import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadFleet } from '../../lib/fleet/index.js';
import {
  apiGroup,
  isRecord,
  type KubernetesObject,
  ObjectSet,
  objectName,
  parseObjects,
  readObjects,
  valueAt,
} from '../../lib/objects/index.js';
import { renderFleet, writeOutput } from '../../lib/render/manifests/index.js';
import { kubectl } from '../_kubectl.js';
import { GITOPS, object, ROOT } from './_examples.js';

const ENVIRONMENTS = ['dev', 'staging', 'prod'];

describe('the AppProject', () => {
  const { spec } = object('AppProject', 'sentinel', 'argocd') as KubernetesObject & { readonly spec: Record<string, unknown> };
  const list = (field: string) => spec[field] as readonly { readonly group: string; readonly kind: string }[];
  const allows = (field: string, found: KubernetesObject): boolean =>
    list(field).some(({ group, kind }) => group === apiGroup(found) && kind === found.kind);
  const rendered = ENVIRONMENTS.flatMap(environment => [...readObjects(join(ROOT, 'dist', environment))]);

  test('lets through every object that the fleet renders, and no kind beside', () => {
    for (const found of rendered) {
      const field = found.metadata.namespace === undefined ? 'clusterResourceWhitelist' : 'namespaceResourceWhitelist';
      expect([objectName(found), allows(field, found)]).toEqual([objectName(found), true]);
    }
    const kinds = new Set(rendered.map(found => `${apiGroup(found)} ${found.kind}`));
    // monitors that a fleet with metrics over HTTP has; the two kinds of the Prometheus operator come with either
    const beside = [...list('clusterResourceWhitelist'), ...list('namespaceResourceWhitelist')].filter(
      ({ group, kind }) => !kinds.has(`${group} ${kind}`),
    );
    expect(beside.filter(({ group }) => group !== 'monitoring.coreos.com')).toEqual([]);
  });

  test('names every namespace that the fleet writes to', () => {
    const namespaces = new Set(rendered.flatMap(({ metadata }) => metadata.namespace ?? []));
    const allowed = (spec.destinations as readonly { readonly namespace: string }[]).map(({ namespace }) => namespace);
    expect([...namespaces].sort()).toEqual([...allowed].sort());
  });

  test('would stop a Secret', () => {
    expect(
      allows('namespaceResourceWhitelist', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: 'sentinel-system' } }),
    ).toBe(false);
  });
});

describe('the Applications', () => {
  test.each([
    ['Application', 'sentinel-prod', []],
    ['ApplicationSet', 'sentinel', ['spec', 'template']],
  ])('%s compares on the server and applies there', (kind, name, path) => {
    const found = object(kind, name, 'argocd');
    const template = path.length === 0 ? found : valueAt(found, path);
    expect(valueAt(template, ['metadata', 'annotations', 'argocd.argoproj.io/compare-options'])).toContain('ServerSideDiff=true');
    expect(valueAt(template, ['spec', 'syncPolicy', 'syncOptions'])).toEqual(
      expect.arrayContaining(['ServerSideApply=true', 'PruneLast=true']),
    );
  });
});

const wave = (found: KubernetesObject): number => Number(found.metadata.annotations?.['argocd.argoproj.io/sync-wave'] ?? 0);

/** What an object can't be healthy without, by the fields that name it. */
function needsOf(found: KubernetesObject, set: ObjectSet): readonly KubernetesObject[] {
  const needs: (KubernetesObject | undefined)[] = [];
  const certificates = set.ofKind('Certificate', 'cert-manager.io');
  const writing = (secret: unknown, namespaces: readonly (string | undefined)[]) =>
    certificates.find(({ metadata, spec }) => namespaces.includes(metadata.namespace) && valueAt(spec, ['secretName']) === secret);
  if (found.kind === 'Certificate') {
    const issuer = valueAt(found, ['spec', 'issuerRef']);
    if (isRecord(issuer)) needs.push(set.ofKind(String(issuer.kind)).find(({ metadata }) => metadata.name === issuer.name));
    needs.push(
      ...set.ofKind('CertificateRequestPolicy'),
      ...set.ofKind('Role').filter(({ metadata }) => metadata.name.endsWith('request-policies')),
    );
  }
  if (found.kind === 'ClusterIssuer' || found.kind === 'Issuer') {
    needs.push(writing(valueAt(found, ['spec', 'ca', 'secretName']), ['cert-manager', found.metadata.namespace]));
    const account = valueAt(found, ['spec', 'vault', 'auth', 'kubernetes', 'serviceAccountRef', 'name']);
    if (account !== undefined) {
      needs.push(set.ofKind('ServiceAccount').find(({ metadata }) => metadata.name === account));
      needs.push(
        ...[...set.ofKind('Role'), ...set.ofKind('RoleBinding')].filter(({ metadata }) => metadata.name === `${String(account)}-token`),
      );
    }
  }
  for (const mount of secretsOf(found)) needs.push(writing(mount, [found.metadata.namespace]));
  if (found.kind === 'NetworkPolicy' && found.metadata.name.endsWith('-default-deny'))
    needs.push(...set.ofKind('NetworkPolicy').filter(({ metadata }) => metadata.name.endsWith('-mtls-only')));
  return needs.filter(need => need !== undefined);
}

function secretsOf(found: KubernetesObject): readonly unknown[] {
  const volumes = valueAt(found, ['spec', 'template', 'spec', 'volumes']);
  const sources = (Array.isArray(volumes) ? volumes : []).flatMap((volume: unknown) => valueAt(volume, ['projected', 'sources']) ?? []);
  return (sources as readonly unknown[]).flatMap(source => valueAt(source, ['secret', 'name']) ?? []);
}

describe('sync waves', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'waves-'));
    cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
    cpSync(join(GITOPS, 'argocd/sync-waves'), join(folder, 'sync-waves'), { recursive: true });
    for (const name of ['argo-cd', 'opentelemetry-demo']) {
      const fleet = loadFleet(join(ROOT, 'examples', name, 'fleet.yaml'));
      writeOutput(join(folder, name), renderFleet(fleet, Object.keys(fleet.environments)));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What Argo CD gets of an environment under an overlay with the component. */
  function built(base: string, component = '../sync-waves'): ObjectSet {
    const overlay = join(folder, `overlay-${base.replaceAll('/', '-')}`);
    mkdirSync(overlay, { recursive: true });
    const text = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      sortOptions: { order: 'fifo' },
      resources: [`../${base}`],
    };
    writeFileSync(
      join(overlay, 'kustomization.yaml'),
      JSON.stringify({ ...text, ...(component === '' ? {} : { components: [component] }) }),
    );
    return new ObjectSet(
      parseObjects(execFileSync(kubectl(), ['kustomize', overlay], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }), base),
    );
  }

  const BASES = [...ENVIRONMENTS.map(name => `dist/${name}`), 'argo-cd/dev', 'argo-cd/prod', 'opentelemetry-demo/prod'];

  const tooEarly = (set: ObjectSet): readonly string[] =>
    [...set].flatMap(found =>
      needsOf(found, set)
        .filter(need => wave(need) >= wave(found))
        .map(need => `${objectName(found)} needs ${objectName(need)}`),
    );

  test.each(BASES)('%s: nothing comes before what it needs to be healthy', base => {
    const set = built(base);
    expect([...set].flatMap(found => needsOf(found, set)).length).toBeGreaterThan(5);
    expect(tooEarly(set)).toEqual([]);
  });

  test.each(BASES)('%s: nothing but the annotation is changed', base => {
    const without = [...built(base)].map(found => {
      const { annotations, ...metadata } = structuredClone(found.metadata) as Record<string, unknown> & {
        annotations?: Record<string, string>;
      };
      const { 'argocd.argoproj.io/sync-wave': _, ...rest } = annotations ?? {};
      return { ...found, metadata: Object.keys(rest).length === 0 ? metadata : { ...metadata, annotations: rest } };
    });
    expect(without).toEqual([...built(base, '')]);
  });

  test('without the component the order would be found wanting', () => {
    expect(tooEarly(built('dist/staging', ''))).toContain('ClusterIssuer sentinel-ca-issuer needs Certificate cert-manager/sentinel-ca');
    expect(tooEarly(built('dist/prod', ''))).toContain(
      'ClusterIssuer sentinel-ca-issuer needs ServiceAccount cert-manager/sentinel-vault-issuer',
    );
  });

  test('the overlay of the example builds', () => {
    const text = execFileSync(kubectl(), ['kustomize', join(GITOPS, 'argocd/prod')], { encoding: 'utf8' });
    const set = new ObjectSet(parseObjects(text, 'prod'));
    expect(set.size).toBe([...readObjects(join(ROOT, 'dist/prod'))].length);
    expect(tooEarly(set)).toEqual([]);
  });
});
