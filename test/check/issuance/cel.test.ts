import { compileCel } from '../../../lib/check/issuance/cel';
import { matchesPattern } from '../../../lib/check/issuance/pattern';
import { safeRegExp } from '../../../lib/check/issuance/safe-regexp';

const AT = { self: 'spiffe://td/ns/shop/sa/web', name: 'web-tls-3', namespace: 'shop' };

describe('rules of request policies', () => {
  test.each([
    ["cr.name.matches('^web-tls-[0-9]+$')", true],
    ["cr.name.matches('^web-[0-9]+$')", false],
    ["self in ['spiffe://td/ns/shop/sa/web', 'x']", true],
    ["self in ['x']", false],
    ["!(cr.namespace in ['shop', 'bank'])", false],
    ["self.startsWith('spiffe://td/ns/' + cr.namespace + '/sa/')", true],
    ["cr.namespace == 'shop' && cr.name != 'other' || false", true],
    ['cr.namespace == "bank" || (self.endsWith("web") && !self.contains("bank"))', true],
    ["self == 'it\\'s'", false],
    ['self in []', false],
  ])('%s is %p', (rule, holds) => {
    expect(compileCel(rule)?.holds(AT)).toBe(holds);
  });

  test.each([
    'size(self) > 3',
    'self',
    "self + 'x'",
    "cr.username == 'x'",
    "self.matches('(a+)+$')",
    "self.matches('a*b*c*d*')",
    'self.matches(self)',
    'self ==',
    "'x' 'y'",
    "self == '\\n'",
    '',
    `${'('.repeat(10_000)}true${')'.repeat(10_000)}`,
    `${'!'.repeat(100_000)}true`,
    'constructor',
    "self.constructor('x')",
  ])('%.60s is not understood', rule => {
    expect(compileCel(rule)).toBeUndefined();
  });

  test('say whether they ask for the name of the request', () => {
    expect(compileCel("cr.name == 'x'")?.asksName).toBe(true);
    expect(compileCel("self == 'x'")?.asksName).toBe(false);
  });

  test('no expression is slow, whatever the text', () => {
    const expression = safeRegExp('^[a-z]*[a-z]*x$');
    const start = performance.now();
    expect(expression?.test('a'.repeat(253))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(safeRegExp('a'.repeat(201))).toBeUndefined();
  });
});

describe('patterns', () => {
  test.each([
    ['*', '', true],
    ['*', 'x', true],
    ['a*', 'a', true],
    ['a*b', 'ab', true],
    ['a*b', 'a', false],
    ['a*a', 'a', false],
    ['*.shop', 'web.shop', true],
    ['a*b*c', 'axbxc', true],
    ['a*b*c', 'acb', false],
    ['*bb*b', 'bb', false],
    ['exact', 'exact', true],
    ['exact', 'exactly', false],
    ['.', 'x', false],
  ])('%s for "%s" is %p', (pattern, text, matches) => {
    expect(matchesPattern(pattern, text)).toBe(matches);
  });

  test('with many stars are quick', () => {
    const start = performance.now();
    expect(matchesPattern('*a'.repeat(1_000), `${'a'.repeat(5_000)}b`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
