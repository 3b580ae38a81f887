/** What a rule makes of the rows that it holds of a group is what a search over the same events makes of that group. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { FIELDS, resolveField } from '../../src/ecs/fields.ts';
import { compileEsql } from '../../src/query/esql/compile.ts';
import { createEventTable } from '../../src/query/esql/event-table.ts';
import { groupedQuery } from '../../src/query/esql/grouped-query.ts';
import { showColumns } from '../../src/query/esql/shown-column.ts';
import { startQuery } from '../../src/query/esql/start.ts';
import { anonymousRequest, NOON } from '../support/events.ts';
import { expectKind } from '../support/expect.ts';
import { fail } from '../support/fail.ts';

const TABLE = createEventTable({ listed: FIELDS, resolveField, suggestField: () => undefined });

const BEFORE = ['', '| WHERE event.action != "watch"', '| EVAL hop = kubernetes.audit.sourceIPs | MV_EXPAND hop'];
const AGGREGATES = [
  'n = COUNT(*)',
  'n = COUNT(kubernetes.audit.sourceIPs), verbs = VALUES(event.action)',
  'n = COUNT_DISTINCT(user_agent.original), agents = VALUES(user_agent.original), first = MIN(@timestamp)',
  'n = SUM(kubernetes.audit.responseStatus.code), last = MAX(source.ip), some = TOP(event.action, 2, "desc")',
  'n = COUNT(*) WHERE event.action == "get", share = AVG(kubernetes.audit.responseStatus.code)',
  'n = MAX(kubernetes.audit.responseStatus.code), half = PERCENTILE(kubernetes.audit.responseStatus.code, 50)',
];
const GROUPS = [
  'user.name',
  'source.ip, user.name',
  'kubernetes.audit.impersonatedUser.username',
  'm = DATE_TRUNC(1 minute, @timestamp)',
];
const AFTER = ['', '| WHERE n >= 2', '| EVAL twice = n * 2 | WHERE twice < 9 OR n > 300', '| SORT n | KEEP n, *'];

const event = fc.record({
  gap: fc.integer({ min: 0, max: 50_000_000 }),
  username: fc.constantFrom('eve', 'bob', ''),
  sourceIPs: fc.constantFrom(['10.0.0.1'], ['10.0.0.1', '10.0.0.2'], ['::1', '10.0.0.2'], []),
  userAgent: fc.constantFrom('curl', 'wget', 'é'.repeat(300), `2${'é'.repeat(300)}`, null),
  verb: fc.constantFrom('get', 'list', 'watch'),
  code: fc.constantFrom(200, 403, 404),
  impersonated: fc.constantFrom(undefined, 'zoe'),
});

test('groups that are held row by row are those of a search', () => {
  let groups = 0;
  fc.assert(
    fc.property(
      ...([BEFORE, AGGREGATES, GROUPS, AFTER].map((texts) => fc.constantFrom(...texts)) as [
        fc.Arbitrary<string>,
        fc.Arbitrary<string>,
        fc.Arbitrary<string>,
        fc.Arbitrary<string>,
      ]),
      fc.array(event, { minLength: 1, maxLength: 20 }),
      (before, aggregates, by, after, requests) => {
        const compiled = compileEsql<DecodedEvent>(`FROM l ${before} | STATS ${aggregates} BY ${by} ${after}`, TABLE);
        expectKind(compiled, 'ok');
        const { query } = compiled;
        const grouped = groupedQuery(query) ?? fail('a query with STATS');
        let at = NOON;
        const events = requests.map(({ gap, verb, code, impersonated, ...changes }) => {
          at += gap;
          const user = impersonated === undefined ? {} : { impersonatedUser: { username: impersonated } };
          return anonymousRequest({ ...changes, at, event: { verb, responseStatus: { code }, ...user } });
        });

        const held = new Map<string, { keys: string; columns: (readonly (readonly string[])[])[] }>();
        for (const one of events) {
          const gathered = grouped.gather(one);
          expectKind(gathered, 'done');
          const entries = grouped.entries(gathered.result, { shorten: (text) => text, preferred: [] });
          for (const { identity, keys, columns } of entries) {
            const group = held.get(identity) ?? { keys: JSON.stringify(keys), columns: [] };
            // As it comes back from the store.
            group.columns.push(JSON.parse(JSON.stringify(columns)));
            held.set(identity, group);
          }
        }
        const fromRows = [...held.values()].flatMap(({ keys, columns }) => {
          const judged = grouped.judge(columns, at);
          expectKind(judged, 'done');
          return judged.result === undefined ? [] : [`${keys} ${JSON.stringify(sorted(judged.result))}`];
        });

        const search = startQuery(query, at / 1_000);
        for (const one of events) search.push(one);
        const fromSearch = search.finish().rows.map((row) => {
          const shown = showColumns(query.columns, [row]).map(({ name, value }) => ({ name, value: cut(value) }));
          const keys = shown.filter(({ name }) => grouped.columns.includes(name));
          return `${JSON.stringify(inOrder(keys, grouped.columns))} ${JSON.stringify(sorted(shown.filter(({ name }) => !grouped.columns.includes(name))))}`;
        });
        expect(fromRows.toSorted()).toEqual(fromSearch.toSorted());
        groups += fromRows.length;
      },
    ),
    { numRuns: 1_000 },
  );
  expect(groups).toBeGreaterThan(500);
});

type Shown = { readonly name: string; readonly value: string };

const sorted = (columns: readonly Shown[]) => columns.toSorted((a, b) => (a.name < b.name ? -1 : 1));
const inOrder = (columns: readonly Shown[], names: readonly string[]) =>
  columns.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
/** Texts that are held to be shown are cut. */
const cut = (value: string) => value.replace(/2?é{250,}/g, (text) => text.slice(0, 256));
