import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSamples, samplesOf, sumOf } from './prometheus-text.ts';

const TEXT = `# HELP a_total Help.
# TYPE a_total counter
a_total{cluster="x",what="a \\"quoted\\" \\\\ one\\nline, with {braces}"} 2
a_total{cluster="y"} 3.5 1700000000000
a_total_other 9
b NaN
not a sample
`;

test('reads names, labels with whatever is in them, and values', () => {
  const samples = readSamples(TEXT, /^(a_|b$)/);
  assert.deepEqual(samplesOf(samples, 'a_total'), [
    { name: 'a_total', labels: { cluster: 'x', what: 'a "quoted" \\ one\nline, with {braces}' }, value: 2 },
    { name: 'a_total', labels: { cluster: 'y' }, value: 3.5 },
  ]);
  assert.equal(sumOf(samples, 'a_total'), 5.5);
  assert.equal(sumOf(samples, 'missing'), 0);
  assert.ok(Number.isNaN(samplesOf(samples, 'b')[0]?.value));
});

test('leaves out what is not wanted', () => {
  assert.deepEqual(readSamples(TEXT, /^c/), []);
});
