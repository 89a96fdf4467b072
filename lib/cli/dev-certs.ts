import { certificateOf, policyObjectOf } from '../check/prove/index.js';
import { list, nearest } from '../fleet/did-you-mean.js';
import { loadFleet, resolve } from '../fleet/index.js';
import { EmbeddedAuthority } from '../pki/authority.js';
import { devCertificates } from '../pki/authority-dev.js';
import { writeCertificateFolder } from '../pki/dev-files.js';
import { renderObjects } from '../render/manifests/objects.js';
import { chosenEnvironments, fleetPath, parse } from './arguments.js';
import { EXIT, UsageError } from './exit.js';

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(
    args,
    { file: { type: 'string', short: 'f' }, env: { type: 'string' }, output: { type: 'string', short: 'o', default: '.sentinel/certs' } },
    true,
  );
  const fleet = loadFleet(fleetPath(values.file));
  const [environment = ''] = chosenEnvironments(fleet, values.env === undefined ? undefined : [values.env]);
  const plan = resolve(fleet, environment);
  const names = plan.services.map(service => service.name);
  for (const name of positionals) {
    if (!names.includes(name)) throw new UsageError(`there is no service "${name}"`, `services: ${list(names)}${suggestion(name, names)}`);
  }
  const objects = renderObjects(plan);
  const authority = new EmbeddedAuthority(objects, { clusterResourceNamespace: plan.certManagerNamespace });
  for (const service of plan.services) {
    if (positionals.length > 0 && !positionals.includes(service.name)) continue;
    const certificate = certificateOf(objects, service);
    const policy = (policyObjectOf(objects, service)?.data as Readonly<Record<string, string>> | undefined)?.['policy.json'];
    if (certificate === undefined || policy === undefined)
      throw new Error(`service "${service.name}" has no certificate in environment "${environment}"`);
    const folder = writeCertificateFolder(values.output, service.name, {
      ...(await devCertificates(authority, certificate)),
      'policy.json': policy,
    });
    process.stdout.write(environmentOf(service.name, folder));
  }
  return EXIT.ok;
}

function suggestion(name: string, names: readonly string[]): string {
  const guess = nearest(name, names);
  return guess === undefined ? '' : `; did you mean "${guess}"?`;
}

/** What the guide's "Local Development" sets by hand, ready for a shell. */
const environmentOf = (service: string, folder: string): string => `# ${service}
export MTLS_ENABLED=true
export MTLS_CERT_PATH=${folder}/tls.crt
export MTLS_KEY_PATH=${folder}/tls.key
export MTLS_CA_CERT_PATH=${folder}/ca.crt
export MTLS_POLICY_PATH=${folder}/policy.json

`;
