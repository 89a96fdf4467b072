import { defineFleet } from '../../../lib/fleet/index.js';

// expect: 'selfsigned' does not exist in type 'Authority'
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfsigned: {} } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', calls: ['api:https'] },
  },
});
