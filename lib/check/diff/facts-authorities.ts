import { isRecord, type KubernetesObject, objectName, valueAt } from '../../objects/index.js';
import { leaves } from './leaves.js';
import { canonical, certificateWords } from './shown.js';
import type { Fact, Field } from './types.js';

/** An Issuer or ClusterIssuer, every setting of which decides who signs. */
export function issuerFact(object: KubernetesObject, source: string): Fact {
  const name = objectName(object);
  return {
    section: 'authorities',
    key: name,
    subject: name,
    appears: 'review',
    fields: leaves(object.spec ?? {}, () => 'review'),
    sources: [source],
  };
}

/** The roots that every service trusts, and where they go. */
export function bundleFact(object: KubernetesObject, source: string): Fact {
  const name = objectName(object);
  const sources = valueAt(object, ['spec', 'sources']);
  const { sources: _, ...rest } = isRecord(object.spec) ? object.spec : {};
  const roots: Field = { name: 'roots', items: (Array.isArray(sources) ? sources : []).flatMap(rootWords), grows: 'weaker' };
  return {
    section: 'authorities',
    key: name,
    subject: name,
    appears: 'review',
    fields: [
      roots,
      ...(Object.keys(rest).length === 0 ? [] : leaves(rest, path => (path.includes('.metadata.labels.') ? 'none' : 'review'))),
    ],
    sources: [source],
  };
}

function rootWords(source: unknown): readonly string[] {
  const { inLine, useDefaultCAs, ...rest } = isRecord(source) ? source : { unknown: source };
  const words: string[] = [];
  if (typeof inLine === 'string') words.push(...certificateWords(inLine));
  else if (inLine !== undefined) words.push(`inline ${canonical(inLine)}`);
  if (useDefaultCAs !== undefined) words.push(`default authorities of the trust package: ${String(useDefaultCAs)}`);
  for (const [kind, reference] of Object.entries(rest)) words.push(`${kind} ${referenceWords(reference)}`);
  return words;
}

function referenceWords(reference: unknown): string {
  if (!isRecord(reference)) return canonical(reference);
  const { name, key, ...rest } = reference;
  const words = [
    name === undefined ? '' : String(name),
    key === undefined ? '' : `key ${String(key)}`,
    Object.keys(rest).length === 0 ? '' : canonical(rest),
  ];
  return words.filter(word => word !== '').join(' ');
}
