import 'reflect-metadata';
import { createPrivateKey } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { certificatePem, publicKeyOf, signCertificate, signerOf } from '../lib/pki/x509.js';
import { FAST_KEY, generatePrivateKey } from '../lib/pki/x509-keys.js';
import { x509Usages } from '../lib/pki/x509-usages.js';
import type { Context } from './claim.js';
import { until } from './node/processes.js';
import { PKI } from './node/settings.js';

const DAY_MS = 86_400_000;

/** The root that clients in the cluster find in their system's store. */
export const publicRoot = (): string => readFileSync(join(PKI, 'public-ca.crt'), 'utf8');

/** A server certificate of the public root, as the data of a Secret. */
export async function publicServerCertificate(name: string): Promise<Record<string, string>> {
  const rootKey = createPrivateKey(readFileSync(join(PKI, 'public-ca.key')));
  const authority = await signerOf(rootKey, FAST_KEY, new x509.X509Certificate(publicRoot()));
  const key = await generatePrivateKey(FAST_KEY);
  const contents = {
    subject: `CN=${name}`,
    dnsNames: [name],
    uris: [],
    ipAddresses: [],
    emailAddresses: [],
    ...x509Usages(['digital signature', 'server auth'], false),
    isCa: false,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + DAY_MS),
  };
  const certificate = certificatePem(await signCertificate(contents, publicKeyOf(key), authority));
  return { 'tls.crt': certificate, 'tls.key': String(key.export({ type: 'pkcs8', format: 'pem' })) };
}

/** Makes the cluster's DNS answer for a name of the internet with a Service's address. */
export async function pointName({ kubectl }: Context, name: string, namespace: string, service: string): Promise<void> {
  const address: string | undefined = kubectl.get('service', service, namespace)?.spec?.clusterIP;
  if (address === undefined) throw new Error(`Service ${namespace}/${service} has no address`);
  const others = String(kubectl.get('configmap', 'coredns', 'kube-system')?.data?.hosts ?? '')
    .split('\n')
    .filter(line => line !== '' && !line.endsWith(` ${name}`));
  const hosts = [...others, `${address} ${name}`].join('\n');
  kubectl.run(['patch', 'configmap', 'coredns', '-n', 'kube-system', '--type=merge', '-p', JSON.stringify({ data: { hosts } })]);
  const dns = kubectl.list('pods', '-n', 'kube-system', '-l', 'k8s-app=kube-dns')[0]?.status?.podIP;
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([dns]);
  await until(`${name} is ${address}`, 30, () =>
    resolver.resolve4(name).then(
      found => found.includes(address),
      () => false,
    ),
  );
}
