import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type '"db:tcp"' is not assignable to type 'TypedCall<"*:metrics" | "api:https">'
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', calls: ['api:https'] },
  },
  externals: {
    db: { at: { namespace: 'db' }, ports: { tcp: { port: 5432 } } },
    ingress: { at: { namespace: 'ingress' }, calls: ['db:tcp'] },
  },
});
