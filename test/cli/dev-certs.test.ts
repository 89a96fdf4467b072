import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { cli, workspace } from './_cli.js';

describe('sentinel-mtls dev-certs', () => {
  const folder = workspace();
  const { code, stdout, stderr } = cli(['dev-certs', 'control-api', 'node-agent', '-o', 'certs'], folder);
  const file = (service: string, name: string): string => join(folder, 'certs', service, name);
  const credentials = (service: string) => ({
    cert: readFileSync(file(service, 'tls.crt')),
    key: readFileSync(file(service, 'tls.key')),
    ca: readFileSync(file(service, 'ca.crt')),
  });

  test('writes what a process mounts, the key for its owner alone', () => {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(statSync(file('control-api', 'tls.key')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file('control-api', 'policy.json'), 'utf8'))).toMatchObject({ version: 1, service: 'control-api' });
    expect(stdout).toContain('export MTLS_CERT_PATH=certs/control-api/tls.crt');
    expect(stdout).not.toContain('BEGIN');
  });

  test('the certificate has the names of the fleet and of this machine', () => {
    const certificate = new X509Certificate(readFileSync(file('control-api', 'tls.crt')));
    for (const host of ['localhost', 'control-api.sentinel-system.svc.cluster.local'])
      expect(certificate.checkHost(host, { subject: 'never' })).toBe(host);
    expect(certificate.subjectAltName).toContain('URI:spiffe://sentinel.internal/ns/sentinel-system/sa/control-api');
    expect(certificate.ca).toBe(false);
  });

  test('two services shake hands with them over localhost', async () => {
    const server = createServer(
      { ...credentials('control-api'), requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
      socket => socket.end('hello'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket: TLSSocket = connect({
      ...credentials('node-agent'),
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      servername: 'localhost',
    });
    const [text] = (await once(socket, 'data')) as [Buffer];
    expect(text.toString()).toBe('hello');
    expect(socket.authorized).toBe(true);
    socket.destroy();
    server.close();
  });

  test('a service that does not exist is bad usage', () => {
    expect(cli(['dev-certs', 'control-ap'], folder)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('did you mean "control-api"?'),
    });
  });
});
