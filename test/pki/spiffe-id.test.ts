import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSpiffeId, trustDomainProblem } from '../../lib/pki/index.js';

const VECTORS = join(__dirname, '..', '..', '..', 'shared', 'cases', 'spiffe-id', 'vectors.json');

interface Vector {
  readonly input: string;
  readonly valid: boolean;
  readonly trustDomain?: string;
  readonly path?: string;
}

describe('SPIFFE IDs', () => {
  test.each([
    ['spiffe://example.org', 'example.org', ''],
    ['spiffe://example.org/ns/a/sa/b', 'example.org', '/ns/a/sa/b'],
    ['spiffe://a_b.c-1/Path.With-Case_1', 'a_b.c-1', '/Path.With-Case_1'],
  ])('%s is valid', (id, trustDomain, path) => expect(parseSpiffeId(id)).toEqual({ id, trustDomain, path }));

  test.each([
    '',
    'spiffe://',
    'SPIFFE://example.org/a',
    'spiffe://Example.org/a',
    'spiffe://example.org/',
    'spiffe://example.org/a/',
    'spiffe://example.org//a',
    'spiffe://example.org/./a',
    'spiffe://example.org/../a',
    'spiffe://example.org:8443/a',
    'spiffe://user@example.org/a',
    'spiffe://example.org/a?b=c',
    'spiffe://example.org/a#b',
    'spiffe://example.org/%61',
    'spiffe://example.org/*',
    'https://example.org/a',
    `spiffe://example.org/${'a'.repeat(2048)}`,
  ])('%p is invalid', id => expect(parseSpiffeId(id)).toHaveProperty('problem'));

  test('a trust domain is a bare name', () => {
    expect(trustDomainProblem('example.org')).toBeUndefined();
    expect(trustDomainProblem('spiffe://example.org')).toBeDefined();
    expect(trustDomainProblem('')).toBeDefined();
  });

  const vectors: readonly Vector[] = existsSync(VECTORS) ? vectorsIn(JSON.parse(readFileSync(VECTORS, 'utf8'))) : [];
  if (vectors.length === 0)
    console.log('the 577 vectors of go-spiffe and the standard are not on this machine: the table above stands alone');
  else
    test(`agrees with all ${vectors.length} vectors of go-spiffe and the standard`, () => {
      const wrong = vectors.filter(({ input, valid, trustDomain, path }) => {
        const parsed = parseSpiffeId(input);
        return valid ? !('id' in parsed && parsed.trustDomain === trustDomain && parsed.path === (path ?? '')) : 'id' in parsed;
      });
      expect(wrong).toEqual([]);
    });
});

function vectorsIn(document: unknown): Vector[] {
  const found: Vector[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === 'object' && value !== null) {
      if ('input' in value && 'valid' in value) found.push(value as Vector);
      else Object.values(value).forEach(walk);
    }
  };
  walk(document);
  return found;
}
