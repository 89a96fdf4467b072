import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type '"server_auth"' is not assignable to type 'Usage'. Did you mean '"server auth"'?
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  certificates: { usages: ['server_auth'] },
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', calls: ['api:https'] },
  },
});
