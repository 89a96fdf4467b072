import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Check, type Claim, type Context, holds } from '../claim.js';
import { objectsIn } from '../environment.js';
import { complaintsOf, type Resource } from '../kubectl.js';
import { run } from '../node/processes.js';
import { ROOT } from '../node/settings.js';

/** A rendered environment: `sentinel/dev`, and the folder with its kustomization. */
interface Rendered {
  readonly name: string;
  readonly folder: string;
}

/** Every environment of our fleet and of every example goes to the real API server, with its schemas, defaults and webhooks. */
export const gitops: Claim = {
  name: 'gitops',
  says: 'the GitOps folder is accepted: every environment and example, 0 rejections, 0 warnings',
  fault: 'a Certificate of sentinel/dev asks for a lifetime below an hour',
  faultShows: /^sentinel\/dev .*webhook\.cert-manager\.io/,
  async check(context, plant) {
    const environments = renderedEnvironments(context);
    if (plant) shortenLifetime(environments);
    const namespaces = new Set(environments.flatMap(({ folder }) => namespacesOf(folder)));
    const made = [...namespaces].filter(name => context.kubectl.get('namespace', name) === undefined);
    // whoever applies a fleet has made the namespaces; with the strictest level, which warns of every pod that is not restricted
    const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/warn': 'restricted' };
    for (const name of made) context.kubectl.makeNamespace(name, restricted);
    try {
      return environments.flatMap(environment => tryEnvironment(context, environment));
    } finally {
      if (made.length > 0) context.kubectl.delete(['namespace', ...made]);
    }
  },
};

function renderedEnvironments({ work }: Context): Rendered[] {
  const command = [process.execPath, join(ROOT, 'build', 'lib', 'cli', 'main.js'), 'synth'];
  const fleets = [
    { fleet: 'sentinel', file: 'fleet.yaml' },
    ...readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
      .map(({ name }) => ({ fleet: name, file: join('examples', name, 'fleet.yaml') }))
      .filter(({ file }) => existsSync(join(ROOT, file))),
  ];
  return fleets.flatMap(({ fleet, file }) => {
    const output = join(work, 'gitops', fleet);
    run([...command, '-f', join(ROOT, file), '-o', output]);
    const environments = readdirSync(output, { withFileTypes: true }).filter(entry => entry.isDirectory());
    return environments.map(({ name }) => ({ name: `${fleet}/${name}`, folder: join(output, name) }));
  });
}

/** Namespaces that the objects lie in and the environment does not make. */
function namespacesOf(folder: string): string[] {
  const objects = objectsIn(folder);
  const own = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
  return objects.flatMap(({ metadata }) => metadata.namespace ?? []).filter(name => !own.includes(name));
}

function tryEnvironment(context: Context, environment: Rendered): Check[] {
  // a dry run of a namespace makes none for the objects that follow
  const own = objectsIn(environment.folder)
    .filter(({ kind }) => kind === 'Namespace')
    .map(({ metadata }) => metadata.name);
  for (const name of own) context.kubectl.makeNamespace(name);
  try {
    return [dryRun(context, environment), ...patchesOf(context, environment)];
  } finally {
    if (own.length > 0) context.kubectl.delete(['namespace', ...own]);
  }
}

/** What `kubectl apply -k` would do, asked of the server, which refuses unknown fields here and stores nothing. */
function dryRun({ kubectl }: Context, { name, folder }: Rendered): Check {
  const expected = objectsIn(folder).length;
  const words = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '-k', folder];
  const outcome = kubectl.try(words, { timeoutMs: 120_000 });
  const accepted = outcome.stdout.split('\n').filter(line => line.endsWith('(server dry run)')).length;
  const complaints = complaintsOf(outcome);
  const what = `${name} kubectl apply -k --dry-run=server: ${expected} objects`;
  return holds(what, outcome.ok && accepted === expected && complaints.length === 0, `${accepted} accepted; ${complaints.join('; ')}`);
}

/** Patches for workloads that somebody else deploys are tried on such workloads, made from nothing but names and an image. */
function patchesOf({ kubectl }: Context, { name, folder }: Rendered): Check[] {
  const patches = join(folder, 'patches');
  if (!existsSync(patches)) return [];
  const files = readdirSync(patches).filter(file => file.endsWith('.yaml') && file !== 'kustomization.yaml');
  const workloads = files.map(file => bareWorkload(parseAllDocuments(readFileSync(join(patches, file), 'utf8'))[0]?.toJS() as Resource));
  const overlay = join(folder, 'try-patches');
  mkdirSync(overlay);
  cpSync(patches, join(overlay, 'patches'), { recursive: true });
  writeFileSync(join(overlay, 'workloads.yaml'), workloads.map(workload => JSON.stringify(workload)).join('\n---\n'));
  writeFileSync(join(overlay, 'kustomization.yaml'), JSON.stringify({ resources: ['workloads.yaml'], components: ['patches'] }));
  const outcome = kubectl.try(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-k', overlay], { timeoutMs: 120_000 });
  const accepted = outcome.stdout.split('\n').filter(line => line.endsWith('(server dry run)')).length;
  // the workloads themselves are not of the restricted level, which is their owner's business
  const complaints = complaintsOf(outcome).filter(line => !line.includes('would violate PodSecurity'));
  const what = `${name} patches on ${workloads.length} workloads of others`;
  return [
    holds(what, outcome.ok && accepted === workloads.length && complaints.length === 0, `${accepted} accepted; ${outcome.stderr.trim()}`),
  ];
}

function bareWorkload({ apiVersion, kind, metadata, spec }: Resource): object {
  const names: string[] = ['containers', 'initContainers'].flatMap(list =>
    (spec?.template?.spec?.[list] ?? []).map((each: { name: string }) => each.name),
  );
  const labels = { app: metadata.name };
  return {
    apiVersion,
    kind,
    metadata: { name: metadata.name, namespace: metadata.namespace },
    spec: {
      selector: { matchLabels: labels },
      ...(kind === 'StatefulSet' ? { serviceName: metadata.name } : {}),
      template: {
        metadata: { labels },
        spec: { containers: [...new Set(names)].map(name => ({ name, image: 'example.com/somebody:1' })) },
      },
    },
  };
}

function shortenLifetime(environments: readonly Rendered[]): void {
  const folder = environments.find(({ name }) => name === 'sentinel/dev')?.folder ?? '';
  const file = join(folder, 'identity.yaml');
  const text = readFileSync(file, 'utf8').replace('duration: 2160h0m0s', 'duration: 30m0s');
  writeFileSync(file, text);
}
