import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';

/** Where a name can be taken once; versions of a group are the same object to the API server. */
const placeOf = (object: ApiObject): string => `${object.apiGroup}/${object.kind}/${object.metadata.namespace ?? ''}`;

/** The names that an environment has taken; shared by apps that write parts of one environment. */
export class ObjectNames {
  // by place and then by name: one long key for each object would be megabytes in a large fleet
  private readonly places = new Map<string, Map<string, string>>();

  /** Takes the names of these objects; a message for each that was taken before. */
  take(objects: Iterable<ApiObject>): string[] {
    const problems: string[] = [];
    for (const object of objects) {
      const place = placeOf(object);
      const names = this.places.get(place) ?? new Map<string, string>();
      if (names.size === 0) this.places.set(place, names);
      const first = names.get(object.name);
      if (first === undefined) names.set(object.name, object.node.path);
      else if (first !== object.node.path) problems.push(describe(object, first));
    }
    return problems;
  }
}

function describe(object: ApiObject, first: string): string {
  const namespace = object.metadata.namespace;
  const where = namespace === undefined ? 'without a namespace' : `in namespace "${namespace}"`;
  return `${object.kind} "${object.name}" ${where} is declared twice: at ${first} and at ${object.node.path}, expected one; rename or remove one of them`;
}

/** The ApiObjects at and below a construct, in tree order. */
export function apiObjectsOf(construct: IConstruct, found: ApiObject[] = []): ApiObject[] {
  if (ApiObject.isApiObject(construct)) found.push(construct);
  for (const child of construct.node.children) apiObjectsOf(child, found);
  return found;
}
