import { isIP } from 'node:net';
import { isDnsLabel } from '../../pki/index.js';
import { cidrProblem, contains } from '../cidr.js';
import { namespaceOf } from '../identity.js';
import type { Issue, Path } from '../issue.js';
import { show } from '../structure.js';
import type { Fleet, NetworkSettings, Peer } from '../types.js';

/** Addresses and DNS settings that a NetworkPolicy can't carry. */
export function* checkNetwork(fleet: Fleet): Iterable<Issue> {
  yield* settings(fleet.network, ['network']);
  for (const [name, environment] of Object.entries(fleet.environments)) {
    yield* settings(environment.network, ['environments', name, 'network']);
    if (environment.authority.namespaced === true) {
      const namespaces = new Set(
        Object.entries(fleet.services).map(([service, declared]) => namespaceOf(fleet, environment, service, declared)),
      );
      if (namespaces.size > 1)
        yield {
          path: ['environments', name, 'authority', 'namespaced'],
          message: `authority of "${name}" is namespaced, but its services live in ${namespaces.size} namespaces: ${[...namespaces].sort().join(', ')}`,
          notes: ['an Issuer signs in its own namespace only: remove namespaced, or keep the services in one namespace'],
        };
    }
  }
  for (const [name, external] of Object.entries(fleet.externals ?? {})) yield* peer(external.at, ['externals', name, 'at'], name);
}

function* settings(network: NetworkSettings | undefined, path: Path): Iterable<Issue> {
  const dns = network?.dns;
  if (typeof dns === 'string' && !['kube-dns', 'node-local-dns', 'openshift'].includes(dns))
    yield {
      path: [...path, 'dns'],
      message: `dns is ${show(dns)}`,
      notes: ['expected kube-dns, node-local-dns, openshift, or { namespace, labels, port }'],
    };
  if (typeof dns === 'object') {
    if (!isDnsLabel(dns.namespace))
      yield {
        path: [...path, 'dns', 'namespace'],
        message: `namespace is ${show(dns.namespace)}, which is no DNS label`,
        notes: ['expected the namespace of the DNS pods, such as kube-system'],
      };
    if (Object.keys(dns.labels).length === 0)
      yield {
        path: [...path, 'dns', 'labels'],
        message: 'labels is empty',
        notes: ['that would open every pod of the namespace: write the labels of the DNS pods'],
      };
    if (dns.port !== undefined && (dns.port < 1 || dns.port > 65535))
      yield { path: [...path, 'dns', 'port'], message: `port is ${dns.port}`, notes: ['expected 1 to 65535'] };
  }
  if (dns === 'node-local-dns' && network?.dnsClusterIp === undefined)
    yield {
      path: [...path, 'dns'],
      message: 'dns is node-local-dns, but dnsClusterIp is missing',
      notes: [
        'the cache listens on the address of kube-dns, which no selector matches: write dnsClusterIp: <kubectl -n kube-system get svc kube-dns>',
      ],
    };
  if (network?.dnsClusterIp !== undefined && isIP(network.dnsClusterIp) === 0)
    yield { path: [...path, 'dnsClusterIp'], message: `dnsClusterIp is ${show(network.dnsClusterIp)}`, notes: ['expected an IP address'] };
}

function* peer(at: Peer, path: Path, name: string): Iterable<Issue> {
  const byNamespace = 'namespace' in at || 'labels' in at;
  const byAddress = 'cidrs' in at || 'except' in at;
  if (byNamespace === byAddress) {
    yield {
      path,
      atKey: true,
      message: byNamespace ? `external "${name}" is both pods and addresses` : `external "${name}" does not say where it is`,
      notes: ['expected namespace (and labels), or cidrs (and except)'],
    };
    return;
  }
  if (!('cidrs' in at)) {
    if (!('namespace' in at))
      yield {
        path,
        atKey: true,
        message: byAddress ? `external "${name}" has except without cidrs` : `external "${name}" has labels without a namespace`,
        notes: [byAddress ? 'write cidrs' : 'write the namespace of those pods'],
      };
    return;
  }
  for (const [index, text] of at.cidrs.entries()) yield* cidr(text, [...path, 'cidrs', index]);
  for (const [index, text] of (at.except ?? []).entries()) {
    const problem = cidrProblem(text);
    if (problem !== undefined)
      yield {
        path: [...path, 'except', index],
        message: `except is ${show(text)}: ${problem}`,
        notes: ['expected a range such as 10.0.0.0/8'],
      };
    else if (!at.cidrs.some(outer => contains(outer, text)))
      yield {
        path: [...path, 'except', index],
        message: `except ${text} lies in none of the cidrs`,
        notes: ['Kubernetes refuses it: remove it, or widen cidrs'],
      };
  }
}

function* cidr(text: string, path: Path): Iterable<Issue> {
  const problem = cidrProblem(text);
  if (problem !== undefined)
    yield {
      path,
      message: `cidr is ${show(text)}: ${problem}`,
      notes: ['expected a range such as 10.0.0.0/8, or 203.0.113.7/32 for one address'],
    };
}
