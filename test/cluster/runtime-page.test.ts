import { parseSamples } from '../../lib/cluster/_runtime-page.js';
import { Metrics } from '../../libs/sentinel-node/src/index.js';

test('what a runtime library writes is read back, with quotes, backslashes and line ends in labels', () => {
  const metrics = new Metrics();
  metrics.set('sentinel_mtls_ready', [], 1);
  metrics.add('sentinel_mtls_denials_total', ['8443', 'a"b\\c', 'peer-not-listed', 'false'], 3);
  expect(parseSamples(metrics.text())).toEqual([
    { name: 'sentinel_mtls_ready', labels: {}, value: 1 },
    {
      name: 'sentinel_mtls_denials_total',
      labels: { port: '8443', peer: 'a"b\\c', reason: 'peer-not-listed', enforced: 'false' },
      value: 3,
    },
  ]);
});

test('other lines, timestamps and exponents are borne', () => {
  expect(parseSamples('# HELP x y\nx{a="1",} 2.5e3 1700000000\n\nnonsense\nz NaN\n')).toEqual([
    { name: 'x', labels: { a: '1' }, value: 2500 },
    { name: 'z', labels: {}, value: Number.NaN },
  ]);
});

test('a page that a hostile pod makes as hard as it can is read in a moment', () => {
  const lines = [
    `a{${'}'.repeat(400_000)}`,
    `a{${'} x'.repeat(130_000)}`,
    `a{b="${'\\'.repeat(300_001)}`,
    `a{${'a="'.repeat(130_000)}`,
    `a{${'a'.repeat(900_000)}} 1`,
  ];
  for (const line of lines) {
    const start = performance.now();
    parseSamples(line);
    expect(performance.now() - start).toBeLessThan(2_000);
  }
});
