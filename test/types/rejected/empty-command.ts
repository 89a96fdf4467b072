import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Type '[]' is not assignable to type 'NonEmpty<string>'
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { image: 'a:1', command: [] },
  },
});
