import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type '"http"' is not assignable to type 'PortProtocol'. Did you mean '"https"'?
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'http' } } },
  },
});
