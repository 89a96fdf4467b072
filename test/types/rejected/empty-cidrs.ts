import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type '[]' is not assignable to type 'NonEmpty<string>'
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
  externals: { db: { at: { cidrs: [] }, ports: { tcp: { port: 5432 } } } },
});
