import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { call, clientContext } from '../../../lib/check/prove/loopback-client.js';
import { LoopbackServer } from '../../../lib/check/prove/loopback-server.js';
import { ObjectSet } from '../../../lib/objects/index.js';
import { EmbeddedAuthority } from '../../../lib/pki/authority.js';
import type { Credential } from '../../../lib/pki/authority-credential.js';
import { authorizeAny, authorizeSpiffeId } from '../../../libs/sentinel-node/src/index.js';
import { find, shopObjects } from './shop.js';

let cart: Credential;
let web: Credential;
beforeAll(async () => {
  const objects = shopObjects();
  const authority = new EmbeddedAuthority(ObjectSet.from(objects));
  [cart, web] = await Promise.all([
    authority.issue(find(objects, 'Certificate', 'cart-tls')),
    authority.issue(find(objects, 'Certificate', 'web-tls')),
  ]);
});

const start = (timeoutMs = 5000): Promise<LoopbackServer> =>
  LoopbackServer.start({
    credential: cart,
    roots: cart.root,
    admits: authorizeAny(),
    timeoutMs,
  });

test('a server that never answers proves nothing: the caller calls it silent and lets go of the socket', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const closed = once(silent, 'connection').then(([socket]) => once(socket.resume(), 'close'));
  const context = clientContext(cart.root, web);
  expect(await call(port, { host: 'cart', context, timeoutMs: 100 })).toEqual({ kind: 'silent' });
  await closed;
  silent.close();
});

test('an exchange that nobody decides in time is refused at layer timeout', async () => {
  const server = await start();
  expect(await server.exchange(async () => ({ kind: 'silent' }))).toMatchObject({ outcome: 'refused', layer: 'timeout' });
  await server.close();
});

test('a server destroys the socket of a caller that says nothing', async () => {
  const server = await start(100);
  await server.exchange(async port => {
    const socket = connect(port, '127.0.0.1').resume();
    await once(socket, 'close');
    return { kind: 'closed', reason: '' };
  });
  await server.close();
});

test('success before the first byte does not count', async () => {
  const server = await LoopbackServer.start({
    credential: cart,
    roots: cart.root,
    admits: authorizeSpiffeId(),
    refusal: 'it is on no list',
    timeoutMs: 5000,
  });
  const context = clientContext(cart.root, web);
  const exchange = await server.exchange(port => call(port, { host: 'cart', context, timeoutMs: 5000 }));
  expect(exchange).toEqual({ outcome: 'refused', layer: 'identity', reason: 'the server refuses: it is on no list' });
  await server.close();
});

test('nobody works with an empty list of roots, which would mean the roots of Node', async () => {
  expect(() => clientContext('', web)).toThrow(/would trust the roots of Node/);
  await expect(LoopbackServer.start({ credential: cart, roots: '', admits: authorizeAny(), timeoutMs: 1 })).rejects.toMatchObject({
    code: 'bundle-malformed',
  });
});
