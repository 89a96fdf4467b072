import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type '"app:https"' is not assignable
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { image: 'a:1', ports: { https: { port: 8443, protocol: 'https' } } },
    web: { image: 'w:1', calls: ['api:https'] },
  },
  externals: { ingress: { at: { namespace: 'ingress' }, calls: ['app:https'] } },
});
