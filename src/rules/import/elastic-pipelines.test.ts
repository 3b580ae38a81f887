import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { MINUTE } from '../limits.ts';
import { importElasticRule } from './elastic.ts';

const imported = (query: string, changes: object = {}) => {
  const rule = { name: 'Rows', rule_id: 'r', type: 'esql', language: 'esql', severity: 'high', query, ...changes };
  const result = importElasticRule(rule);
  expectKind(result, 'document');
  return result;
};

test('the data of a rule in ES|QL are those that FROM names', () => {
  const rule = {
    name: 'r',
    type: 'esql',
    query: 'FROM logs-aws*, logs-kubernetes.audit_logs-* METADATA _id | limit 1',
  };
  const result = importElasticRule(rule);
  expect(result.kind === 'unsupported' && result.reasons.map(({ kind, name }) => [kind, name])).toEqual([
    ['data', 'logs-aws*'],
  ]);
  const query = 'from "logs-kubernetes.audit_logs-*" metadata _id, _index\n| where x';
  const { document, differences } = imported(query, { from: 'now-9m' });
  expect([document.type, document.language, document.query]).toEqual(['esql', 'esql', query]);
  expect([document.windowMicros, differences]).toEqual([9 * MINUTE, []]);
});

test('of a rule in ES|QL it is said what a search over a range may not see, or sees otherwise', () => {
  const from = 'FROM logs-kubernetes.audit_logs-*';
  const differences = (commands: string) => imported(`${from} | ${commands}`).differences;
  const passing = (condition: string) =>
    differences(`STATS n = COUNT(*), low = MIN(@timestamp), kinds = COUNT_DISTINCT(event.action) BY user.name
      | EVAL share = n / kinds, who = TO_UPPER(user.name) | WHERE ${condition}`).map(
      (text) => text.split(': may become true')[0],
    );
  for (const condition of ['n > 5 AND kinds >= 3', 'who == "EVE"', 'low >= NOW() - 9 minutes', 'NOT (n <= 5)']) {
    expect([condition, passing(condition)]).toEqual([condition, []]);
  }
  for (const condition of ['n < 50', 'kinds == 2', 'share > 2', 'n IN (1, 2)', 'NOT (n > 5)']) {
    expect([condition, passing(`n > 1 AND ${condition}`)]).toEqual([
      condition,
      [condition.replace(/^NOT \((.*)\)$/, 'NOT $1')],
    ]);
  }
  expect(differences('STATS n = COUNT(*) | WHERE n > 3').join()).toMatch(/^without BY, Elastic returns a row/);
  expect(differences('WHERE user.name == "a" | LIMIT 10').join()).toMatch(
    /^LIMIT 10 applies to all rows of a run in Elastic/,
  );
});
