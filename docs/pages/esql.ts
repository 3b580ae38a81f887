import { FIELDS, resolveField } from '../../src/ecs/fields.ts';
import { AGGREGATES } from '../../src/query/esql/aggregates.ts';
import { RULE_LIMITS } from '../../src/query/esql/attempt.ts';
import { signature } from '../../src/query/esql/compile-call.ts';
import { FUNCTIONS } from '../../src/query/esql/functions.ts';
import { MAXIMUM_COMMANDS, REFUSED_COMMANDS } from '../../src/query/esql/parse.ts';
import { REFUSED_FUNCTIONS } from '../../src/query/esql/refused-functions.ts';
import { nearest } from '../../src/query/nearest.ts';
import { parseQuery } from '../../src/query/parse-query.ts';
import { GROUP_CAP, ROW_CAP } from '../../src/rules/limits.ts';
import { code, type Page, page, table } from './page.ts';

/** By command, a query of a rule that has it. */
const EXAMPLES: ReadonlyMap<string, readonly [query: string, doc: string]> = new Map([
  [
    'FROM',
    [
      'FROM logs-kubernetes.audit_logs-* METADATA _id',
      'Where a query begins. The index is there for Elastic; here all are audit events.',
    ],
  ],
  [
    'WHERE',
    [
      'FROM logs | WHERE user.name LIKE "system:*" AND NOT kubernetes.audit.verb IN ("get", "list")',
      'Keeps the rows for which a condition is true. The first ones are what the rule index goes by.',
    ],
  ],
  ['EVAL', ['FROM logs | EVAL command = URL_DECODE(kubernetes.audit.requestURI)', 'Adds columns.']],
  [
    'GROK',
    [
      'FROM logs | GROK kubernetes.audit.requestURI "command=%{DATA:command}&"',
      'Takes columns out of a text; the first place where the pattern fits.',
    ],
  ],
  [
    'DISSECT',
    [
      'FROM logs | DISSECT user.name "system:serviceaccount:%{namespace}:%{account}"',
      'Takes columns out of a text by what stands between them.',
    ],
  ],
  [
    'MV_EXPAND',
    ['FROM logs | MV_EXPAND source.ip', 'A row for each value of a column. In a rule all of them are one match.'],
  ],
  [
    'STATS',
    [
      'FROM logs | STATS denied = COUNT(*) WHERE event.outcome == "failure", paths = COUNT_DISTINCT(kubernetes.audit.requestURI) BY user.name | WHERE denied >= 5 AND paths > 2',
      'One row for each group. A rule has at most one.',
    ],
  ],
  ['KEEP', ['FROM logs | KEEP user.name, source.*', 'The columns that stay, and their order: `*` is a wildcard.']],
  ['DROP', ['FROM logs | DROP kubernetes.audit.requestObject.*', 'The columns that go.']],
  ['RENAME', ['FROM logs | RENAME user.name AS who', 'Gives a column another name.']],
  ['SORT', ['FROM logs | STATS n = COUNT(*) BY user.name | SORT n DESC NULLS LAST', 'The order of the rows.']],
  ['LIMIT', ['FROM logs | STATS n = COUNT(*) BY user.name | LIMIT 10', 'At most so many rows.']],
]);

/** What of ES|QL there is, from the tables by which it is read. */
export function esqlPage(): Page {
  const commands = [...EXAMPLES].map(([name, [query, doc]]) => {
    const parsed = parseQuery('esql', query, {
      resolveField,
      suggestField: (field) =>
        nearest(
          field,
          FIELDS.map((each) => each.name),
        ),
    });
    if (parsed.kind !== 'pipeline')
      throw new Error(`docs/pages/esql.ts: the example of ${name} is not a query of a rule`);
    return [code(name), doc, code(query)];
  });
  const functions = [...FUNCTIONS].sort((a, b) => (a.name < b.name ? -1 : 1));
  return page(
    'esql',
    'ES|QL',
    'Rules of type `esql`, and `firstseen query`, read ES|QL as Elasticsearch 8.19 does: types are checked when a rule loads, a comparison with nothing is null, and where a field has several values every operator and scalar ' +
      'function gives null. What runs differently: [Differences from Elastic](../differences-from-elastic.md#esql). Names are those of the [fields](fields.md).',
    '## Commands',
    table(['command', 'what it does', 'for example'], commands),
    '`ROW` begins a query in `firstseen query` only. These are refused:',
    table(
      ['command', 'why, or what to write instead'],
      Object.entries(REFUSED_COMMANDS).map(([name, reason]) => [code(name.toUpperCase()), reason]),
    ),
    '## Operators',
    '`==` `!=` `<` `<=` `>` `>=`, `+` `-` `*` `/` `%`, `AND` `OR` `NOT`, `IN` and `NOT IN`, `LIKE` (`*` any text, `?` one character), `RLIKE` (a regular expression of Lucene, of the whole text), `IS NULL` and `IS NOT NULL`, `::type`. ' +
      'Texts stand in `"…"` with `\\` as escape, or in `"""…"""` as they are; names with other signs than letters, digits, `_` and dots stand in backticks. `KQL("…")` is a condition in KQL.',
    `## Functions\n\nThese ${functions.length}, each on one row:`,
    table(
      ['function', 'what it gives'],
      functions.map((row) => [code(signature(row)), row.doc]),
    ),
    `## Aggregates\n\nThese ${AGGREGATES.length}, in \`STATS\`, each with a \`WHERE\` of its own if you like:`,
    table(
      ['function', 'what it gives'],
      [...AGGREGATES].map((row) => [
        code(row.star === true ? `${row.name.toUpperCase()}(*)` : signature(row)),
        row.doc,
      ]),
    ),
    '## Refused functions',
    'A name that is not known is refused with the nearest one that is. These are known, and refused:',
    table(
      ['functions', 'why, or what to write instead'],
      [...Map.groupBy(REFUSED_FUNCTIONS, ([, reason]) => reason)].map(([reason, rows]) => [
        rows.map(([name]) => code(name.toUpperCase())).join(' '),
        reason,
      ]),
    ),
    '## Bounds',
    `A query has at most ${MAXIMUM_COMMANDS} commands. A rule may take ${format(RULE_LIMITS.steps)} steps and hold ${format(RULE_LIMITS.values)} values for one event, or for one look at a group; beyond that the event is set aside for this rule, counted in ` +
      `\`firstseen_rule_errors_total\` and logged. Of a group ${format(ROW_CAP)} events are held, of a rule ${format(GROUP_CAP)} groups. \`RLIKE\`, \`GROK\` and \`REPLACE\` take linear time, so look-around and back-references are refused.`,
  );
}

function format(count: number): string {
  return count.toLocaleString('en');
}
