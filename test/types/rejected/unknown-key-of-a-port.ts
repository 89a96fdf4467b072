import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type 'string' is not assignable to type 'never'
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protcol: 'https' } } },
  },
});
