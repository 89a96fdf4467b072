import { defineFleet } from '../../../lib/fleet/index.js';

// expect: is not assignable to type 'never'
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} } },
    test: { authority: { sameAs: 'deev' } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', calls: ['api:https'] },
  },
});
