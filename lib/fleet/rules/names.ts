import { isDnsLabel, isDnsSubdomain, isServiceName, trustDomainProblem } from '../../pki/index.js';
import type { Issue, Path } from '../issue.js';
import { show } from '../structure.js';
import type { Fleet } from '../types.js';

const LABEL_EXPECTED = 'expected a DNS label: lower-case letters, digits and dashes, at most 63, no dash at either end';
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$/;
const LABEL_NAME = /^[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Names of ports: RFC 6335 service names, at most 15 characters, as Kubernetes wants them. */
const PORT_NAME = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/;
/** Labels that this project sets itself; selectors rest on them. */
const OWN_LABELS: ReadonlySet<string> = new Set([
  'sentinel-mtls.io/fleet',
  'app.kubernetes.io/name',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/part-of',
]);

/** Names and labels that Kubernetes, DNS or SPIFFE would refuse. */
export function* checkNames(fleet: Fleet): Iterable<Issue> {
  yield* label(fleet.fleet, ['fleet']);
  yield* label(fleet.namespace, ['namespace']);
  yield* trustDomain(fleet.trustDomain, ['trustDomain']);
  yield* domain(fleet.clusterDomain, ['clusterDomain']);
  yield* label(fleet.certManagerNamespace, ['certManagerNamespace']);
  yield* labelValue(fleet.team, ['team']);
  yield* labels(fleet.labels, ['labels']);
  yield* certPath(fleet.certPath);
  yield* labels(fleet.monitoring?.selectorLabels, ['monitoring', 'selectorLabels']);
  const runbooks = fleet.monitoring?.runbookBaseUrl;
  if (runbooks !== undefined && !/^[\w.:/~%+@?=&#-]+$/.test(runbooks))
    yield {
      path: ['monitoring', 'runbookBaseUrl'],
      message: `runbookBaseUrl is ${show(runbooks)}`,
      notes: ['expected a URL or a path: Prometheus would execute braces in it'],
    };
  for (const [name, environment] of Object.entries(fleet.environments)) {
    const path = ['environments', name];
    yield* keyLabel(name, path, 'environment');
    yield* label(environment.namespace, [...path, 'namespace']);
    yield* trustDomain(environment.trustDomain, [...path, 'trustDomain']);
    yield* domain(environment.clusterDomain, [...path, 'clusterDomain']);
    yield* labels(environment.labels, [...path, 'labels']);
    for (const [service, override] of Object.entries(environment.services ?? {})) {
      yield* label(override.namespace, [...path, 'services', service, 'namespace']);
      yield* environmentVariables(override.env, [...path, 'services', service, 'env']);
    }
  }
  for (const [name, service] of Object.entries(fleet.services)) {
    const path = ['services', name];
    if (!isServiceName(name)) {
      yield {
        path,
        atKey: true,
        message: `service name ${show(name)} is no DNS label`,
        notes: [LABEL_EXPECTED, 'a Service starts with a letter'],
      };
    }
    yield* label(service.namespace, [...path, 'namespace']);
    yield* labelValue(service.team, [...path, 'team']);
    yield* labels(service.labels, [...path, 'labels']);
    yield* labels(service.existing?.selector, [...path, 'existing', 'selector'], 'foreign');
    if (service.serviceAccount !== undefined && !isDnsSubdomain(service.serviceAccount)) {
      yield {
        path: [...path, 'serviceAccount'],
        message: `serviceAccount is ${show(service.serviceAccount)}`,
        notes: ['expected a DNS name: lower-case letters, digits, dashes and dots'],
      };
    }
    yield* environmentVariables(service.env, [...path, 'env']);
    for (const port of Object.keys(service.ports ?? {})) {
      // the Service of an existing workload may have longer names than a container port
      if (!(service.existing === undefined ? PORT_NAME.test(port) : isDnsLabel(port))) {
        yield {
          path: [...path, 'ports', port],
          atKey: true,
          message: `port name ${show(port)} can't be used`,
          notes: ['expected at most 15 lower-case letters, digits and single dashes, with a letter among them'],
        };
      }
    }
  }
  for (const [name, external] of Object.entries(fleet.externals ?? {})) {
    yield* keyLabel(name, ['externals', name], 'external');
    if (Object.hasOwn(fleet.services, name)) {
      yield {
        path: ['externals', name],
        atKey: true,
        message: `external "${name}" has the name of a service`,
        notes: ['a call could mean either: rename one of them'],
      };
    }
    if ('namespace' in external.at) {
      yield* label(external.at.namespace, ['externals', name, 'at', 'namespace']);
      yield* labels(external.at.labels, ['externals', name, 'at', 'labels'], 'foreign');
    }
  }
}

function* label(text: string | undefined, path: Path): Iterable<Issue> {
  if (text !== undefined && !isDnsLabel(text))
    yield { path, message: `${String(path.at(-1))} is ${show(text)}, which is no DNS label`, notes: [LABEL_EXPECTED] };
}

function* keyLabel(text: string, path: Path, what: string): Iterable<Issue> {
  if (!isDnsLabel(text)) yield { path, atKey: true, message: `${what} name ${show(text)} is no DNS label`, notes: [LABEL_EXPECTED] };
}

function* trustDomain(text: string | undefined, path: Path): Iterable<Issue> {
  const problem = text === undefined ? undefined : trustDomainProblem(text);
  if (problem !== undefined)
    yield {
      path,
      message: `trustDomain is ${show(text)}: ${problem}`,
      notes: ['expected a name such as example.internal, without spiffe://'],
    };
}

function* domain(text: string | undefined, path: Path): Iterable<Issue> {
  if (text !== undefined && !isDnsSubdomain(text))
    yield {
      path,
      message: `clusterDomain is ${show(text)}, which is no DNS name`,
      notes: ['expected a name such as cluster.local, without a dot at the end'],
    };
}

function* labelValue(text: string | undefined, path: Path): Iterable<Issue> {
  if (text !== undefined && (text === '' || !LABEL_VALUE.test(text))) {
    yield {
      path,
      message: `${String(path.at(-1))} is ${show(text)}`,
      notes: ['expected at most 63 letters, digits, dashes, dots and underscores: it becomes a label'],
    };
  }
}

function* labels(given: Readonly<Record<string, string>> | undefined, path: Path, owner: 'ours' | 'foreign' = 'ours'): Iterable<Issue> {
  if (given === undefined) return;
  if (Object.keys(given).length === 0) {
    yield {
      path,
      message: `${String(path.at(-1))} is empty`,
      notes: ['an empty selector selects everything: write at least one label, or remove the key'],
    };
  }
  for (const [key, value] of Object.entries(given)) {
    const slash = key.indexOf('/');
    const good = LABEL_NAME.test(key.slice(slash + 1)) && (slash < 0 || isDnsSubdomain(key.slice(0, slash)));
    if (!good)
      yield {
        path: [...path, key],
        atKey: true,
        message: `label ${show(key)} can't be used`,
        notes: ['expected a name of at most 63 letters, digits, dashes, dots and underscores, optionally after a DNS name and a slash'],
      };
    if (owner === 'ours' && OWN_LABELS.has(key))
      yield {
        path: [...path, key],
        atKey: true,
        message: `label ${show(key)} is set by the fleet itself`,
        notes: ['selectors rest on it: remove it here'],
      };
    if (!LABEL_VALUE.test(value))
      yield {
        path: [...path, key],
        message: `value of label ${show(key)} is ${show(value)}`,
        notes: ['expected at most 63 letters, digits, dashes, dots and underscores'],
      };
  }
}

function* environmentVariables(env: Readonly<Record<string, string>> | undefined, path: Path): Iterable<Issue> {
  for (const key of Object.keys(env ?? {})) {
    if (!ENV_NAME.test(key))
      yield {
        path: [...path, key],
        atKey: true,
        message: `environment variable ${show(key)} can't be used`,
        notes: ['expected letters, digits and underscores, not starting with a digit'],
      };
    else if (key.startsWith('MTLS_'))
      yield {
        path: [...path, key],
        atKey: true,
        message: `environment variable ${show(key)} is set by the fleet itself`,
        notes: ['to change how strictly a service is guarded write mode: audit, permissive or disabled'],
      };
  }
}

function* certPath(path: string | undefined): Iterable<Issue> {
  if (path === undefined) return;
  if (!/^(?:\/[A-Za-z0-9._-]+)+$/.test(path) || path.split('/').some(part => part === '.' || part === '..')) {
    yield {
      path: ['certPath'],
      message: `certPath is ${show(path)}`,
      notes: ['expected an absolute folder such as /etc/sentinel/certs, without a slash at the end'],
    };
  }
}
