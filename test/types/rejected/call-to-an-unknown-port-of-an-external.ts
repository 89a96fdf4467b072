import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Did you mean '"postgres:tcp"'?
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', calls: ['postgres:tpc'] },
  },
  externals: { postgres: { at: { cidrs: ['10.20.0.5/32'] }, ports: { tcp: { port: 5432 } } } },
});
