import { defineFleet } from '../../../lib/fleet/index.js';

// expect: 'protcol' does not exist in type 'Port'. Did you mean to write 'protocol'?
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
