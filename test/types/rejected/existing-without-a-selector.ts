import { defineFleet } from '../../../lib/fleet/index.js';

// expect: Property 'selector' is missing
defineFleet({
  fleet: 'shop',
  namespace: 'shop',
  trustDomain: 'shop.example',
  environments: {
    dev: { authority: { selfSigned: {} } },
  },
  services: {
    api: { existing: { kind: 'Deployment' } },
  },
});
