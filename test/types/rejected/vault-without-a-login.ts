import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Property 'auth' is missing in type
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { vault: { server: 'https://vault.example.com', path: 'pki/sign/shop' } } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', calls: ['api:https'] },
  },
});
