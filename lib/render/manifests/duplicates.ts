import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';

/** What the API server takes for one and the same object; versions of a group are the same object. */
const identityOf = (object: ApiObject): string => `${object.apiGroup}/${object.kind}/${object.metadata.namespace ?? ''}/${object.name}`;

/** A message for each object that was declared before among these. */
export function duplicateObjects(objects: Iterable<ApiObject>): string[] {
  const seen = new Map<string, ApiObject>();
  const problems: string[] = [];
  for (const object of objects) {
    const identity = identityOf(object);
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, object);
    else problems.push(describe(object, first));
  }
  return problems;
}

function describe(object: ApiObject, first: ApiObject): string {
  const namespace = object.metadata.namespace;
  const where = namespace === undefined ? 'without a namespace' : `in namespace "${namespace}"`;
  return `${object.kind} "${object.name}" ${where} is declared twice: at ${first.node.path} and at ${object.node.path}, expected one; rename or remove one of them`;
}

/** The ApiObjects at and below a construct, in tree order. */
export function apiObjectsOf(construct: IConstruct, found: ApiObject[] = []): ApiObject[] {
  if (ApiObject.isApiObject(construct)) found.push(construct);
  for (const child of construct.node.children) apiObjectsOf(child, found);
  return found;
}
