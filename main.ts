import { addEnvironment } from './lib/constructs/index.js';
import { environmentsOf, loadFleet, resolve } from './lib/fleet/index.js';
import { FleetApp } from './lib/render/manifests/index.js';

const fleet = loadFleet('fleet.yaml');
const app = new FleetApp();
for (const environment of environmentsOf(fleet)) addEnvironment(app, resolve(fleet, environment));
app.synth();
