import { expect, test } from '@jest/globals';
import { nearestTerms } from './nearest-terms.ts';

const terms = (...values: readonly (readonly string[])[]) => values.map((each) => ({ term: JSON.stringify(each) }));
const names = (values: readonly string[], known: readonly { term: string }[], most = 3) =>
  nearestTerms(values, known, most).map((near) => near.values.join(' '));

test('another version of a client is nearer than another client', () => {
  const known = terms(
    ['curl/8.5.0'],
    ['kubectl/v1.29.3 (linux/amd64) kubernetes/6813625'],
    ['masscan/1.3'],
    ['kubelet/v1.29.3'],
  );
  expect(names(['kubectl/v1.36.1 (linux/amd64) kubernetes/abcdef0'], known)[0]).toBe(known[1]?.term.slice(2, -2));
  expect(names(['masscan/1.0'], known)[0]).toBe('masscan/1.3');
});

test('each field of a combination counts', () => {
  const known = terms(['bob', '10.0.0.1'], ['alice', '10.0.0.2'], ['carol', '192.0.2.1']);
  expect(names(['alice', '203.0.113.9'], known, 1)).toEqual(['alice 10.0.0.2']);
});

test('the term itself, hashes and unrelated terms are skipped', () => {
  expect(names(['abc'], [...terms(['abc'], ['xyz'], ['abd', 'abd'], []), { term: '#Zm9v' }, { term: '[' }])).toEqual(
    [],
  );
  expect(names(['a'], terms(['A'], ['b']))).toEqual(['A']);
});

test('the nearest of 100,000 terms is found', () => {
  const many = terms(...Array.from({ length: 100_000 }, (_, i) => [`agent-${i}/1.0 (linux)`]));
  expect(names(['agent-77777/1.1 (linux)'], many, 1)[0]).toBe('agent-77777/1.0 (linux)');
});
