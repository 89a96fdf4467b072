import { ObjectSet, parseObjects } from '../../lib/objects';

export const objectsOf = (text: string): ObjectSet => new ObjectSet(parseObjects(text, 'manifests.yaml'));
