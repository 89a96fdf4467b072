import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type '{ vault: { server: "https://vault.example.com"; path: "pki/sign/shop"; }; }' is not assignable
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
