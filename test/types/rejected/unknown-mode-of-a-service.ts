import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type '"loose"' is not assignable to type 'Mode'
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', mode: 'loose' },
  },
});
