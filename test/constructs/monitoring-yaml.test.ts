import fc from 'fast-check';
import { parse } from 'yaml';
import { humanizeDuration } from '../../lib/constructs/monitoring/rule-test-file';
import { entry, flowMap, scalar } from '../../lib/constructs/plain-yaml';

test('any string comes back from YAML as it was', () => {
  const awkward = fc.oneof(fc.string(), fc.constantFrom('true', 'no', '1e3', '~', '', ' x', 'a: b', "it's", '"', '\\', 'a #b', 'y', '0x1'));
  fc.assert(fc.property(awkward, text => parse(scalar(text)) === text));
  fc.assert(fc.property(awkward, text => parse(flowMap({ key: text })).key === text));
});

test('a text of several lines becomes a block and comes back as it was', () => {
  const lines = fc.array(fc.stringMatching(/^[\w(){}=",. ]*$/), { minLength: 2, maxLength: 6 }).map(parts => parts.join('\n'));
  fc.assert(fc.property(lines, text => parse(entry('', 'expr', text.trimEnd())).expr === text.trimEnd()));
  expect(entry('  ', 'expr', 'sum(\n  up\n)')).toBe('  expr: |-\n    sum(\n      up\n    )\n');
});

test('durations are written as Prometheus writes them', () => {
  expect([0, 59, 61, 3600, 90061, -3600].map(humanizeDuration)).toEqual(['0s', '59s', '1m 1s', '1h 0m 0s', '1d 1h 1m 1s', '-1h 0m 0s']);
});
