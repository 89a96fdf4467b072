import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';

/** Where a name can be taken once; versions of a group are the same object to the API server. */
const placeOf = (object: ApiObject): string => `${object.apiGroup}/${object.kind}/${object.metadata.namespace ?? ''}`;

/** The names that an environment has taken; shared by apps that write parts of one environment. */
export class ObjectNames {
  // by place and then by name, and no paths: they would be megabytes in a large fleet
  private readonly places = new Map<string, Set<string>>();

  /** Takes the names of these objects; a message for each that was taken before. */
  take(objects: readonly ApiObject[]): string[] {
    const problems: string[] = [];
    for (const object of objects) {
      const place = placeOf(object);
      const names = this.places.get(place) ?? new Set<string>();
      if (names.size === 0) this.places.set(place, names);
      if (names.has(object.name)) problems.push(describe(object, objects));
      else names.add(object.name);
    }
    return problems;
  }
}

function describe(object: ApiObject, objects: readonly ApiObject[]): string {
  const namespace = object.metadata.namespace;
  const where = namespace === undefined ? 'without a namespace' : `in namespace "${namespace}"`;
  const first = objects.find(other => other.name === object.name && placeOf(other) === placeOf(object));
  const places =
    first === undefined || first === object
      ? `in another plane and at ${object.node.path}`
      : `at ${first.node.path} and at ${object.node.path}`;
  return `${object.kind} "${object.name}" ${where} is declared twice: ${places}, expected one; rename or remove one of them`;
}

/** The ApiObjects at and below a construct, in tree order. */
export function apiObjectsOf(construct: IConstruct, found: ApiObject[] = []): ApiObject[] {
  if (ApiObject.isApiObject(construct)) found.push(construct);
  for (const child of construct.node.children) apiObjectsOf(child, found);
  return found;
}
