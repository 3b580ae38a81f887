import { expect, test } from '@jest/globals';
import { readSamples, samplesOf, sumOf } from './prometheus-text.ts';

const TEXT = `# HELP a_total Help.
# TYPE a_total counter
a_total{cluster="x",what="a \\"quoted\\" \\\\ one\\nline, with {braces}"} 2
a_total{cluster="y"} 3.5 1700000000000
a_total_other 9
b NaN
not a sample
`;

test('reads names, values, and labels with escapes', () => {
  const samples = readSamples(TEXT, /^(a_|b$)/);
  expect(samplesOf(samples, 'a_total')).toEqual([
    { name: 'a_total', labels: { cluster: 'x', what: 'a "quoted" \\ one\nline, with {braces}' }, value: 2 },
    { name: 'a_total', labels: { cluster: 'y' }, value: 3.5 },
  ]);
  expect(sumOf(samples, 'a_total')).toBe(5.5);
  expect(sumOf(samples, 'missing')).toBe(0);
  expect(samplesOf(samples, 'b')[0]?.value).toBeNaN();
});

test('skips samples whose names do not match', () => {
  expect(readSamples(TEXT, /^c/)).toEqual([]);
});
