import fc from 'fast-check';
import { canonicalDuration, parseDuration, suggestDuration } from '../../lib/pki/index.js';

describe('Go durations', () => {
  test.each([
    ['2160h', 7_776_000],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['90m', 5400],
    ['1h0m0.5s', 3600.5],
    ['300s', 300],
  ])('%s has %d seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  test.each(['', '90d', '2160', 'h', '-1h', '1 h', '1h 30m', '1H', '9999999999999h', 'NaNh', '١h'])('%p is none', text =>
    expect(parseDuration(text)).toBeUndefined(),
  );

  test.each([
    ['90d', '2160h'],
    ['15 days', '360h'],
    ['2w', '336h'],
    ['1y', '8760h'],
  ])('%s suggests %s', (text, suggestion) => expect(suggestDuration(text)).toBe(suggestion));

  test('nothing is suggested for what nobody can tell', () => expect(suggestDuration('soon')).toBeUndefined());

  test('the canonical form is the one that Go prints', () => {
    expect(canonicalDuration(7_776_000)).toBe('2160h0m0s');
    expect(canonicalDuration(5400)).toBe('1h30m0s');
    expect(canonicalDuration(300)).toBe('5m0s');
    expect(canonicalDuration(0)).toBe('0s');
  });

  test('the canonical form of any number of seconds parses back to it', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 9_223_372_036 }), seconds => parseDuration(canonicalDuration(seconds)) === seconds));
  });
});
