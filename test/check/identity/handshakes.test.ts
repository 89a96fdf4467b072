import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { IdentityRelation } from '../../../lib/check/identity';
import { type Attempt, proveHandshakes } from '../../../lib/check/prove';
import { planCalls } from '../../../lib/check/prove/calls';
import { environmentsOf, loadFleet, type Plan, resolve } from '../../../lib/fleet';
import { ObjectSet } from '../../../lib/objects';
import { renderObjects } from '../../../lib/render/manifests/objects';
import { changePolicy, find, type MutableObject, shopObjects, shopPlan } from '../prove/shop';

const ROOT = join(__dirname, '../../..');
const LONG = process.env.SENTINEL_LONG === '1';
const FLEETS = [
  '.',
  ...readdirSync(join(ROOT, 'examples'))

    .filter(name => existsSync(join(ROOT, 'examples', name, 'fleet.yaml')))
    .map(name => `examples/${name}`),
];

/** Calls that the static relation and real handshakes decide differently, or at another layer. */
async function disagreements(
  objects: ObjectSet,
  plan: Plan,
  maxNonEdges: number,
): Promise<{ readonly compared: number; readonly wrong: readonly string[] }> {
  const { attempts } = await proveHandshakes(objects, plan, { maxNonEdges, timeoutMs: 60_000 });
  const relation = new IdentityRelation(objects, plan);
  const { ports } = planCalls(plan, { maxNonEdges: 0, seed: '' });
  const calls = attempts.filter(({ kind }) => kind === 'edge' || kind === 'nonEdge' || kind === 'external');
  const wrong = calls.flatMap((attempt: Attempt) => {
    const target = ports.find(({ service, port }) => service.name === attempt.callee && port.name === attempt.port);
    if (!target) throw new Error(`there is no port ${attempt.callee}:${attempt.port}`);
    const identity = plan.externals.find(({ name }) => name === attempt.caller)?.spiffeId ?? '';
    const decision =
      attempt.kind === 'edge'
        ? relation.call(attempt.caller, target)
        : attempt.kind === 'nonEdge'
          ? relation.attempt(attempt.caller, target)
          : relation.attemptAs(identity, target);
    const static_ = `${decision.accepted ? 'accepted' : 'refused'} at layer ${decision.layer}`;
    const real = `${attempt.outcome} at layer ${attempt.layer}`;
    return static_ === real
      ? []
      : [`${attempt.kind} ${attempt.caller} → ${attempt.callee}:${attempt.port}: handshake ${real}, static ${static_} (${attempt.reason})`];
  });
  return { compared: calls.length, wrong };
}

describe('the static identity relation and real handshakes', () => {
  test.each(FLEETS)(
    'decide every call of %s alike',
    async fleetFolder => {
      const fleet = loadFleet(join(ROOT, fleetFolder, 'fleet.yaml'));
      const environments = environmentsOf(fleet);
      for (const environment of LONG ? environments : environments.slice(0, 1)) {
        const plan = resolve(fleet, environment);
        const { compared, wrong } = await disagreements(ObjectSet.from(renderObjects(plan)), plan, LONG ? 2_000 : 40);
        expect({ environment, wrong }).toEqual({ environment, wrong: [] });
        expect(compared).toBeGreaterThanOrEqual(plan.edges.filter(({ mode }) => mode !== 'disabled').length > 0 ? 1 : 0);
      }
    },
    1_800_000,
  );

  const certificate = (objects: readonly MutableObject[], name: string) => find(objects, 'Certificate', `${name}-tls`).spec;
  const FAULTS: Readonly<Record<string, (objects: MutableObject[]) => void>> = {
    'a callee without server auth': objects => {
      certificate(objects, 'cart').usages = ['digital signature', 'key encipherment', 'client auth'];
    },
    'a caller without client auth': objects => {
      certificate(objects, 'web').usages = ['digital signature', 'key encipherment', 'server auth'];
    },
    'a certificate for another purpose': objects => {
      certificate(objects, 'web').usages = ['digital signature', 'code signing'];
    },
    'a certificate for any purpose': objects => {
      certificate(objects, 'web').usages = ['digital signature', 'any'];
    },
    'no usages at all': objects => {
      delete certificate(objects, 'cart').usages;
    },
    'a caller whose key may only encipher': objects => {
      certificate(objects, 'web').usages = ['key encipherment', 'client auth'];
    },
    'a callee whose key may only encipher': objects => {
      certificate(objects, 'cart').usages = ['key encipherment', 'server auth', 'client auth'];
    },
    'other DNS names': objects => {
      certificate(objects, 'cart').dnsNames = ['other.shop'];
    },
    'a wildcard for one label': objects => {
      certificate(objects, 'cart').dnsNames = ['*.shop.svc.cluster.local'];
    },
    'a wildcard that would have to stand for two labels': objects => {
      certificate(objects, 'cart').dnsNames = ['*.svc.cluster.local'];
    },
    'names in capitals': objects => {
      certificate(objects, 'cart').dnsNames = ['CART.shop.svc.CLUSTER.local'];
    },
    'a callee with the identity of another': objects => {
      certificate(objects, 'ledger').uris = ['spiffe://shop.example/ns/shop/sa/cart'];
    },
    'a caller with two identities': objects => {
      certificate(objects, 'web').uris.push('spiffe://shop.example/ns/shop/sa/ledger');
    },
    'a caller without an identity': objects => {
      certificate(objects, 'web').uris = ['https://shop.example'];
    },
    'an identity that is no SPIFFE ID': objects => {
      certificate(objects, 'web').uris = ['spiffe://shop.example/ns//web'];
    },
    'an issuer that nobody trusts': objects => {
      certificate(objects, 'cart').issuerRef = { name: 'other', kind: 'ClusterIssuer' };
    },
    'a certificate that signs itself': objects => {
      certificate(objects, 'cart').issuerRef = { name: 'shop-selfsigned', kind: 'ClusterIssuer' };
    },
    'a bundle with another root': objects => {
      find(objects, 'Bundle', 'shop-ca-bundle').spec.sources = [{ secret: { name: 'elsewhere', key: 'ca.crt' } }];
    },
    'a Certificate that is refused': objects => {
      certificate(objects, 'cart').duration = '1m';
    },
    'a caller whose leaf is a CA': objects => {
      certificate(objects, 'web').isCA = true;
    },
    'a callee whose leaf is a CA': objects => {
      certificate(objects, 'ledger').isCA = true;
    },
    'an allow-list without its caller': objects =>
      changePolicy(objects, 'cart', policy => {
        for (const port of policy.server) port.allow = [];
      }),
    'an allow-list with a stranger': objects =>
      changePolicy(objects, 'ledger', policy => {
        policy.server[0]?.allow.push({ spiffeId: 'spiffe://shop.example/ns/shop/sa/web', mode: 'strict' });
      }),
    'a port that audits': objects =>
      changePolicy(objects, 'ledger', policy => {
        for (const port of policy.server) port.mode = 'audit';
      }),
    'a port that is off': objects =>
      changePolicy(objects, 'ledger', policy => {
        for (const port of policy.server) port.mode = 'disabled';
      }),
    'a caller that does not call': objects =>
      changePolicy(objects, 'web', policy => {
        policy.client = [];
      }),
    'a caller that expects another host': objects =>
      changePolicy(objects, 'web', policy => {
        for (const peer of policy.client) peer.host = 'ledger.shop.svc.cluster.local';
      }),
    'a list that nobody can read': objects => {
      find(objects, 'ConfigMap', 'cart-mtls-policy').data['policy.json'] = '{"version": 2}';
    },
  };

  /** Here some process does not start. */
  const SILENT = new Set(['a bundle with another root', 'a caller whose leaf is a CA', 'a callee whose leaf is a CA']);

  test.each(Object.keys(FAULTS))('decide alike with %s', async fault => {
    const objects = shopObjects();
    FAULTS[fault]?.(objects);
    const { compared, wrong } = await disagreements(ObjectSet.from(objects), shopPlan(), 100);
    expect(wrong).toEqual([]);
    // nobody is asked at a port on which nobody listens, but for the declared call
    expect(compared).toBeGreaterThanOrEqual(SILENT.has(fault) ? shopPlan().edges.length : 5);
  });

  test('would be seen to disagree: a relation of other objects than the handshakes', async () => {
    const objects = shopObjects();
    const plan = shopPlan();
    certificate(objects, 'cart').usages = ['digital signature', 'client auth'];
    const { attempts } = await proveHandshakes(ObjectSet.from(objects), plan);
    const relation = new IdentityRelation(ObjectSet.from(shopObjects()), plan);
    const { ports } = planCalls(plan, { maxNonEdges: 0, seed: '' });
    const target = ports.find(({ service }) => service.name === 'cart');
    expect(target && relation.call('web', target).accepted).toBe(true);
    expect(attempts.find(({ kind, caller }) => kind === 'edge' && caller === 'web')?.outcome).toBe('refused');
  });
});
