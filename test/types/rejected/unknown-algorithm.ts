import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type '"DSA"' is not assignable to type 'KeyAlgorithm | undefined'
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  certificates: { key: { algorithm: 'DSA' } },
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', calls: ['api:https'] },
  },
});
