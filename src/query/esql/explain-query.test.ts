import { expect, test } from '@jest/globals';
import { expectKind } from '../../../test/support/expect.ts';
import { explainQuery } from './explain-query.ts';
import { formatQuery } from './format-query.ts';
import { parseEsql } from './parse.ts';

const QUERIES = [
  'FROM logs-*  METADATA _id,_index // a comment\n| where a.b in ("x | y","""z "q" """) AND NOT `odd name`==-1',
  'from "logs-*" | EVAL x = (1 +2)* -3, y=TO_LOWER( a )::keyword /* | not a command */ | DROP y*, x',
  'FROM l | GROK a "%{DATA:b} - %{IP:c}", "%{WORD:d}" | DISSECT a "%{e} %{f}" APPEND_SEPARATOR="-" | MV_EXPAND b',
  'FROM l | STATS n=COUNT(*), m = MAX(a) WHERE a>1 BY b, t = DATE_TRUNC(1 minute,@timestamp) | SORT n DESC, m NULLS LAST | LIMIT 5',
  'FROM l | RENAME a AS b, c AS d | KEEP b, `d` | WHERE b IS NOT NULL OR (KQL("x: y") AND b RLIKE "a.*") AND b - 1 > 0 AND b -1 > 0',
  'ROW a = [1,2], b=1.5::long',
];

/** What was read, without the places. */
function read(query: string): unknown {
  const result = parseEsql(query);
  expectKind(result, 'ok');
  const places = new Set(['start', 'end', 'nameEnd']);
  const text = JSON.stringify(result.commands, (key, value) =>
    places.has(key) ? undefined : typeof value === 'bigint' ? String(value) : value,
  );
  return JSON.parse(text);
}

test('canonical text is the same query, one command a line, and the same when it is formatted again', () => {
  for (const query of QUERIES) {
    const text = formatQuery(query);
    expect([text, namesApart(read(text))]).toEqual([text, namesApart(read(query))]);
    expect(formatQuery(text)).toBe(text);
  }
  expect(formatQuery(QUERIES[0] ?? '')).toBe(
    'FROM logs-* METADATA _id, _index\n| where a.b in ("x | y", """z "q" """) AND NOT `odd name` == -1',
  );
});

/** A column without a name of its own is called by its text, where spaces may differ. */
function namesApart(commands: unknown): unknown {
  return JSON.parse(JSON.stringify(commands), (key, value) =>
    key === 'name' && typeof value === 'string' ? value.replace(/\s+/g, '') : value,
  );
}

test('what a query does, command by command', () => {
  const words = (query: string) => {
    const result = parseEsql(query);
    expectKind(result, 'ok');
    return explainQuery(result.commands, query);
  };
  expect(
    words(
      `FROM l | WHERE a == "x" AND b > 2 | WHERE c IS NULL | EVAL d = LENGTH(a), e=1 | GROK a "%{IP:f}" | MV_EXPAND f
        | STATS n = COUNT(*), m = MAX(b) WHERE b < 9 BY f, g = LEFT(a, 1) | WHERE n > 3 | RENAME n AS rows | DROP m | KEEP f, r*
        | SORT rows DESC, f | LIMIT 3`,
    ),
  ).toEqual([
    '1. rows for which all of these are true:',
    '   - a == "x"',
    '   - b > 2',
    '2. rows for which c IS NULL',
    '3. for each row, compute:',
    '   - d = LENGTH(a)',
    '   - e = 1',
    '4. from a is taken what the pattern "%{IP:f}" names; where it does not fit: null',
    '5. one row for each value of f',
    '6. of the rows with the same f and g = LEFT(a, 1):',
    '   - n = COUNT(*)',
    '   - m = MAX(b), of those for which b < 9',
    '7. rows for which n > 3',
    '8. n is called rows',
    '9. drop the columns m',
    '10. keep the columns f and r*',
    '11. the rows are sorted by rows (descending) and f',
    '12. at most 3 rows',
  ]);
});
