import { defineFleet } from '../../../lib/fleet/index.js';

// expect: 'ports' does not exist in type 'ServiceOverride'
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} }, services: { api: { ports: {} } } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', calls: ['api:https'] },
  },
});
