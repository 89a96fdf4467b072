import { blast, walk } from '../../../lib/check/relations';
import { ObjectSet } from '../../../lib/objects';
import { renderObjects } from '../../../lib/render/manifests/objects';
import { formatBlast, formatWalk } from '../../../lib/report';
import { shopPlan } from './_shop';

const plan = shopPlan();
const objects = ObjectSet.from(renderObjects(plan), 'rendered.yaml');
const walked = (from: string, to: string, port: string) => {
  const found = walk(objects, plan, { from, to, port });
  if ('problem' in found) throw new Error(found.problem);
  return found;
};
const passing = (from: string, to: string, port: string) => walked(from, to, port).steps.map(({ what, passes }) => `${what} ${passes}`);

describe('a walk through one call', () => {
  test('of a declared one passes every layer', () => {
    expect(passing('web', 'orders', 'https')).toEqual(['declared true', 'egress true', 'ingress true', 'identity true']);
    expect(walked('web', 'orders', 'https')).toMatchObject({ declared: true, possible: true, port: '8443/TCP' });
  });

  test('of an undeclared one is stopped at both ends and by the handshake, and shows what came near', () => {
    const found = walked('web', 'ledger', 'grpc');
    expect(found).toMatchObject({ declared: false, possible: false });
    expect(passing('web', 'ledger', 'grpc')).toEqual(['declared false', 'egress false', 'ingress false', 'identity false']);
    const ingress = found.steps.find(({ what }) => what === 'ingress');
    expect(ingress?.places[0]).toMatchObject({
      object: 'NetworkPolicy shop/ledger-mtls-only',
      path: 'spec.ingress[0]',
      text: 'has the port, but not the peer',
    });
    expect(formatWalk(found, 'prod')).toContain('verdict   stopped by egress and ingress and identity, as declared');
  });

  test('knows externals, names, numbers and other workloads', () => {
    expect(passing('prometheus', 'orders', 'metrics')).toEqual(['declared true', 'egress true', 'ingress true']);
    expect(passing('prometheus', 'orders', '8443')).toEqual(['declared false', 'egress true', 'ingress false', 'identity false']);
    expect(passing('shop/web', 'orders', '8443/TCP')).toEqual(passing('web', 'orders', 'https'));
    expect(passing('orders', 'DNS', '53/UDP')).toEqual(['declared true', 'egress true', 'ingress true']);
    expect(passing('ledger', 'DNS', '53/UDP')).toEqual(['declared false', 'egress false', 'ingress true']);
  });

  test.each([
    ['nobody', 'orders', 'https', 'nobody is called "nobody"'],
    ['web', 'nobody', 'https', 'nobody is called "nobody"'],
    ['web', 'orders', 'htps', 'orders has no port "htps"'],
    ['web', 'orders', '0', 'orders has no port "0"'],
    ['web', 'orders', '65536', 'orders has no port "65536"'],
  ])('%s → %s:%s is no question', (from, to, port, problem) => {
    expect(walk(objects, plan, { from, to, port })).toMatchObject({ problem });
  });
});

describe('the blast of a stolen key', () => {
  test('reaches what its service calls, and what those call', () => {
    expect(blast(plan, 'web')).toMatchObject({
      direct: [{ service: 'orders', port: 'https', mode: 'strict' }],
      reachable: [
        { service: 'orders', hops: 1, through: ['orders'] },
        { service: 'ledger', hops: 2, through: ['orders', 'ledger'] },
      ],
      externals: ['bank'],
      deceived: [],
      lifetimeSeconds: 2160 * 3600,
      renewedAfterSeconds: (2160 - 360) * 3600,
      cuts: [{ call: 'web → orders', fewer: 2 }],
    });
  });

  test('deceives whoever calls the service', () => {
    expect(blast(plan, 'ledger')).toMatchObject({ direct: [], reachable: [], externals: [], deceived: ['orders'], cuts: [] });
  });

  test('of nobody is nothing', () => {
    expect(blast(plan, 'nobody')).toBeUndefined();
  });

  test('says until when', () => {
    const found = blast(plan, 'web');
    expect(found && formatBlast(found, plan)).toContain('at most 90 d after it was issued: nothing revokes it; it is renewed after 75 d');
  });
});
