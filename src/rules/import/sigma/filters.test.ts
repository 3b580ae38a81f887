import { expect, test } from '@jest/globals';
import { fail } from '../../../../test/support/fail.ts';
import { importSigma, type SigmaImport } from './import-sigma.ts';
import type { SigmaValues } from './sigma-document.ts';

const LOGSOURCE = { product: 'kubernetes', service: 'audit' };

function rule(name: string, more: SigmaValues = {}): SigmaValues {
  const detection = { selection: { verb: name }, condition: 'selection' };
  return { title: name, name, id: `id-${name}`, level: 'low', logsource: LOGSOURCE, detection, ...more };
}

function filter(rules: unknown, more: SigmaValues = {}): SigmaValues {
  const selection = { 'user.username|startswith': 'ci-' };
  return { title: 'CI', logsource: LOGSOURCE, filter: { rules, selection, condition: 'not selection', ...more } };
}

/** The query of each document that became a rule, else what is wrong with it. */
function outcomes(...values: readonly SigmaValues[]): readonly string[] {
  return importSigma(values.map((value) => ({ value }))).map(outcome);
}

function outcome(result: SigmaImport): string {
  if (result.kind === 'part') return 'part';
  if (result.kind === 'document') {
    return result.document.query.replace(/\s+/g, ' ').replaceAll('kubernetes.audit.', '');
  }
  const found = result.kind === 'invalid' ? result.problems : result.reasons;
  return found.map(({ path, message, hint }) => `${path.join('.')}: ${message} | ${hint}`).join();
}

const FILTERED = 'any where verb : "get" and not user.username : "ci-*"';
const WHOLE = 'any where verb : "list"';

test('a filter is one more condition of its rules, and no rule', () => {
  expect(outcomes(filter(['get']), rule('get'), rule('list'))).toEqual(['part', FILTERED, WHOLE]);
  expect(outcomes(rule('get'), filter('id-get'))).toEqual([FILTERED, 'part']);
  for (const all of ['any', 'All', []]) expect(outcomes(rule('get'), filter(all))).toEqual([FILTERED, 'part']);
  const [, result] = importSigma([{ value: filter(['get']) }, { value: rule('get') }]);
  expect(result?.kind === 'document' && result.notes).toEqual(['the filter "CI" applies']);
});

test('a rule that is alone in its file but for a filter is named after the file', () => {
  const inputs = [filter('any'), rule('get')].map((value) => ({ value, file: 'a', fileStem: 'a_file' }));
  const [, named] = importSigma(inputs);
  expect(named?.kind === 'document' && named.document.name).toBe('a-file');
});

test('several filters apply together, and to the rules of correlations', () => {
  const other = filter('any', { selection: { level: 'Metadata' }, condition: 'not 1 of sel*' });
  const correlation = { type: 'event_count', rules: ['get'], timespan: '5m', condition: { gte: 2 } };
  const whole = `${FILTERED} and not level : "Metadata"`;
  expect(outcomes(filter(['get']), rule('get'), other)).toEqual(['part', whole, 'part']);
  const counted = importSigma([
    { value: { title: 'Many', level: 'low', correlation } },
    { value: rule('get') },
    { value: filter('get') },
  ]);
  expect(counted.map((one) => one.kind)).toEqual(['document', 'part', 'part']);
  const [many] = counted;
  if (many?.kind !== 'document') fail();
  expect(many.document.query).toMatch(/^any where kubernetes\.audit\.verb : "get" and\s+not /);
  expect(many.notes).toContain('get: the filter "CI" applies');
});

test('a condition that could be read in two ways is refused, and the rules stay as they are', () => {
  for (const condition of ['selection', 'selection or not selection', 'not selection or selection']) {
    const [refused, query] = outcomes(filter('any', { condition }), rule('list'));
    expect(refused ?? '').toMatch(/^filter\.condition: a filter condition without a leading `not` /);
    expect(query).toBe(WHOLE);
  }
  const absent = filter('any', { selection: { 'user.username': null }, condition: 'selection' });
  expect(outcomes(absent)[0] ?? '').toMatch(/^filter\.condition: /);
});

test('what is wrong with a filter has its place', () => {
  expect(outcomes(filter(['gett']), rule('get'))[0]).toBe(
    'filter.rules.0: no rule with the name or the id gett is loaded | did you mean get?',
  );
  expect(outcomes(filter(undefined))[0] ?? '').toMatch(
    /^filter: expected any, or the names or ids of rules, found nothing/,
  );
  expect(outcomes(filter(7))[0] ?? '').toMatch(/^filter\.rules: expected any, or the names or ids of rules, found 7/);
  expect(outcomes(filter('any', { condition: 'not selectoin' }))[0] ?? '').toMatch(
    /^filter\.condition: unknown detection selectoin/,
  );
  expect(outcomes({ title: 'x', logsource: LOGSOURCE, filter: 'y' })[0] ?? '').toMatch(
    /^filter: expected a filter, found "y"/,
  );
  expect(outcomes({ ...filter('any'), logsource: { product: 'windows' } })[0] ?? '').toMatch(
    /^logsource: needs other data/,
  );
});
