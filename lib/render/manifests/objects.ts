import { ApiObject, App } from 'cdk8s';
import { addEnvironment } from '../../constructs/index.js';
import type { Plan } from '../../fleet/index.js';
import { type KubernetesObject, ObjectSet } from '../../objects/index.js';

/** The objects of one environment in memory, as they would be written. */
export function renderObjects(plan: Plan): ObjectSet {
  const app = new App();
  addEnvironment(app, plan);
  const objects = app.node.findAll().filter(ApiObject.isApiObject);
  return ObjectSet.from(objects.map(object => object.toJson() as KubernetesObject));
}
