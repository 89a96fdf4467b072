import { ApiObject, App } from 'cdk8s';
import { addEnvironment, OutputFile } from '../../constructs/index.js';
import { Manifest } from '../../constructs/manifest.js';
import type { Plan } from '../../fleet/index.js';
import { type KubernetesObject, ObjectSet } from '../../objects/index.js';
import { isPlain, orderObject } from './_sanitize.js';

/** One environment in memory. */
export interface RenderedPlan {
  readonly objects: ObjectSet;
  /** Files beside the objects that are plain text, by their path in the environment's folder: `vault/role.json`. */
  readonly texts: ReadonlyMap<string, string>;
}

/** The objects of one environment in memory, as they would be written. */
export const renderObjects = (plan: Plan): ObjectSet => renderPlan(plan).objects;

export function renderPlan(plan: Plan): RenderedPlan {
  const app = new App();
  addEnvironment(app, plan);
  const all = app.node.findAll();
  const objects = all.filter(ApiObject.isApiObject).map(object => asWritten(object) as KubernetesObject);
  const texts = all.filter(each => each instanceof OutputFile).filter(({ data }) => data === undefined);
  return { objects: ObjectSet.from(objects), texts: new Map(texts.map(({ path, content }) => [path, content])) };
}

/** What `toJson` gives, without its search for Lazy values and tokens where there are none. */
export function asWritten(object: ApiObject): unknown {
  const data = object instanceof Manifest ? object.plainData() : undefined;
  return data !== undefined && isPlain(data) ? orderObject(data) : object.toJson();
}
