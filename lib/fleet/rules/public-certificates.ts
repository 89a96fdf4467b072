import { dnsNameProblem, isPublicDnsName } from '../../pki/index.js';
import type { Issue, Path } from '../issue.js';
import { DEFAULTS } from '../settings.js';
import { show } from '../structure.js';
import type { Environment, Fleet } from '../types.js';

/** Certificates from ACME: for servers, for public names, and with a solver that can prove them. */
export function* checkPublicCertificates(fleet: Fleet): Iterable<Issue> {
  for (const [name, environment] of Object.entries(fleet.environments))
    yield* publicAuthority(environment, ['environments', name, 'publicAuthority']);
  yield* publicCertificates(fleet);
}

function* publicAuthority(environment: Environment, path: Path): Iterable<Issue> {
  const acme = environment.publicAuthority?.acme;
  if (acme === undefined) return;
  if (!/^https:\/\/[^\s/]+/.test(acme.server))
    yield {
      path: [...path, 'acme', 'server'],
      message: `server is ${show(acme.server)}`,
      notes: ['expected the https:// address of an ACME directory'],
    };
  if (!/^[^\s@]+@[^\s@]+$/.test(acme.email))
    yield { path: [...path, 'acme', 'email'], message: `email is ${show(acme.email)}`, notes: ['expected an address that somebody reads'] };
  for (const [index, solver] of acme.solvers.entries()) {
    const kinds = ['http01', 'dns01'].filter(kind => kind in solver);
    if (kinds.length !== 1)
      yield {
        path: [...path, 'acme', 'solvers', index],
        message: `solver ${index + 1} has ${kinds.length === 0 ? 'neither http01 nor dns01' : 'http01 and dns01'}`,
        notes: ['expected exactly one of them'],
      };
  }
}

function* publicCertificates(fleet: Fleet): Iterable<Issue> {
  const environments = Object.entries(fleet.environments);
  for (const [name, service] of Object.entries(fleet.services)) {
    const certificate = service.publicCertificate;
    if (certificate === undefined) continue;
    const path = ['services', name, 'publicCertificate'];
    if (!environments.some(([, environment]) => environment.publicAuthority !== undefined)) {
      yield {
        path,
        atKey: true,
        message: `service "${name}" wants a public certificate, but no environment has a publicAuthority`,
        notes: ['write publicAuthority: { acme: ... } in the environment that has one'],
      };
    }
    const forbidden = certificate.usages?.indexOf('client auth') ?? -1;
    if (forbidden >= 0)
      yield {
        path: [...path, 'usages', forbidden],
        message: 'a public certificate asks for client auth',
        notes: ["public authorities no longer sign client certificates: remove it; the fleet's own certificate has it"],
      };
    for (const [index, dnsName] of certificate.dnsNames.entries()) yield* publicName(fleet, dnsName, [...path, 'dnsNames', index]);
  }
}

function* publicName(fleet: Fleet, dnsName: string, path: Path): Iterable<Issue> {
  const problem = dnsNameProblem(dnsName);
  if (problem !== undefined) {
    yield { path, message: `DNS name ${show(dnsName)} ${problem}`, notes: ['expected a public name such as www.example.com'] };
    return;
  }
  const environments = Object.entries(fleet.environments);
  const domains = [
    fleet.clusterDomain ?? DEFAULTS.clusterDomain,
    ...environments.flatMap(([, environment]) => environment.clusterDomain ?? []),
  ];
  if (!domains.every(domain => isPublicDnsName(dnsName, domain)))
    yield {
      path,
      message: `public certificate for ${show(dnsName)}, an internal name`,
      notes: ['no ACME authority can sign it, and asking publishes it in transparency logs: use a public name'],
    };
  const unable = environments.find(([, { publicAuthority }]) => publicAuthority?.acme.solvers.every(solver => !('dns01' in solver)));
  if (dnsName.startsWith('*.') && unable !== undefined)
    yield {
      path,
      message: `public certificate for ${show(dnsName)}, but environment "${unable[0]}" has no dns01 solver`,
      notes: ['ACME proves wildcards by dns01 only: add such a solver, or write the names out'],
    };
}
