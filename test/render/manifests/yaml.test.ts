import { ApiObject, App, Chart, Yaml } from 'cdk8s';
import { stringifyObject, YamlWriter } from '../../../lib/render/manifests/yaml.js';
import { SEED } from '../../_seed.js';
import { RandomObjects, randomOf } from './random-object.js';

/** What cdk8s writes for the object, or that it refuses it. */
function stock(object: ConstructorParameters<typeof ApiObject>[2]): string {
  return Yaml.stringify(new ApiObject(new Chart(new App(), 'chart'), 'object', object).toJson());
}

const outcome = (write: () => string): string => {
  try {
    return write();
  } catch {
    return 'refused';
  }
};

const seed = SEED;
const rounds = process.env.SENTINEL_LONG === '1' ? 100_000 : 5_000;

test(`writes the bytes of cdk8s for ${rounds} random objects`, () => {
  console.log(`SENTINEL_SEED=${seed}`);
  const objects = new RandomObjects(randomOf(seed));
  let quick = 0;
  for (let round = 0; round < rounds; round++) {
    const object = objects.object();
    const expected = outcome(() => stock(object));
    const found = outcome(() => stringifyObject(object));
    if (found !== expected) throw new Error(`seed ${seed}, round ${round}: ${JSON.stringify(object)}\n${found}\n--- expected\n${expected}`);
    if (new YamlWriter(64).tryObject(object)) quick++;
  }
  // a writer that leaves everything to the library would pass as well
  expect(quick / rounds).toBeGreaterThan(0.1);
}, 1_800_000);
