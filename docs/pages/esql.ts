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
      'Begins a query. The index is for Elastic; here every row is an audit event.',
    ],
  ],
  [
    'WHERE',
    [
      'FROM logs | WHERE user.name LIKE "system:*" AND NOT kubernetes.audit.verb IN ("get", "list")',
      'Keeps the rows for which a condition is true. The rule index uses the leading ones.',
    ],
  ],
  ['EVAL', ['FROM logs | EVAL command = URL_DECODE(kubernetes.audit.requestURI)', 'Adds columns.']],
  [
    'GROK',
    [
      'FROM logs | GROK kubernetes.audit.requestURI "command=%{DATA:command}&"',
      'Extracts columns from a text, at the first match of a pattern.',
    ],
  ],
  [
    'DISSECT',
    [
      'FROM logs | DISSECT user.name "system:serviceaccount:%{namespace}:%{account}"',
      'Extracts columns from a text by the delimiters between them.',
    ],
  ],
  [
    'MV_EXPAND',
    ['FROM logs | MV_EXPAND source.ip', 'Makes a row of each value of a column. In a rule they are one match.'],
  ],
  [
    'STATS',
    [
      'FROM logs | STATS denied = COUNT(*) WHERE event.outcome == "failure", paths = COUNT_DISTINCT(kubernetes.audit.requestURI) BY user.name | WHERE denied >= 5 AND paths > 2',
      'Makes one row of each group. A rule may use it once.',
    ],
  ],
  ['KEEP', ['FROM logs | KEEP user.name, source.*', 'Keeps these columns, in this order; `*` is a wildcard.']],
  ['DROP', ['FROM logs | DROP kubernetes.audit.requestObject.*', 'Removes columns.']],
  ['RENAME', ['FROM logs | RENAME user.name AS who', 'Renames a column.']],
  ['SORT', ['FROM logs | STATS n = COUNT(*) BY user.name | SORT n DESC NULLS LAST', 'Sorts the rows.']],
  ['LIMIT', ['FROM logs | STATS n = COUNT(*) BY user.name | LIMIT 10', 'Keeps at most this many rows.']],
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
    'Rules of type `esql` and `firstseen query` follow ES|QL of Elasticsearch 8.19. Types are checked when a rule loads. A comparison with an absent value is null, and operators and scalar ' +
      'functions return null for a field with several values. [Fields](fields.md) lists the names, [differences from Elastic](../differences-from-elastic.md#esql) the differences.',
    '## Commands',
    table(['command', 'what it does', 'for example'], commands),
    '`ROW` begins a query in `firstseen query` only. Refused commands:',
    table(
      ['command', 'why, or what to write instead'],
      Object.entries(REFUSED_COMMANDS).map(([name, reason]) => [code(name.toUpperCase()), reason]),
    ),
    '## Operators',
    '`==` `!=` `<` `<=` `>` `>=`, `+` `-` `*` `/` `%`, `AND` `OR` `NOT`, `IN` and `NOT IN`, `LIKE` (`*` any text, `?` one character), `RLIKE` (a Lucene regular expression for the whole text), `IS NULL` and `IS NOT NULL`, `::type`. ' +
      'Write texts in `"…"` with `\\` as escape, or unescaped in `"""…"""`. Names with characters other than letters, digits, `_` and dots need backticks. `KQL("…")` is a condition in KQL.',
    `## Functions\n\n${functions.length} functions, each of one row:`,
    table(
      ['function', 'result'],
      functions.map((row) => [code(signature(row)), row.doc]),
    ),
    `## Aggregates\n\n${AGGREGATES.length} functions for \`STATS\`, each with an optional \`WHERE\`:`,
    table(
      ['function', 'result'],
      [...AGGREGATES].map((row) => [
        code(row.star === true ? `${row.name.toUpperCase()}(*)` : signature(row)),
        row.doc,
      ]),
    ),
    '## Refused functions',
    'The message for an unknown name suggests the nearest function. These functions of Elasticsearch are refused:',
    table(
      ['functions', 'why, or what to write instead'],
      [...Map.groupBy(REFUSED_FUNCTIONS, ([, reason]) => reason)].map(([reason, rows]) => [
        rows.map(([name]) => code(name.toUpperCase())).join(' '),
        reason,
      ]),
    ),
    '## Bounds',
    `A query has at most ${MAXIMUM_COMMANDS} commands. A rule may take ${format(RULE_LIMITS.steps)} steps and hold ${format(RULE_LIMITS.values)} values for one event, or one evaluation of a group. If it exceeds this, the rule skips the event, counts it in ` +
      `\`firstseen_rule_errors_total\` and logs it. A group holds ${format(ROW_CAP)} events, a rule ${format(GROUP_CAP)} groups. \`RLIKE\`, \`GROK\` and \`REPLACE\` run in linear time; look-around and back-references are refused.`,
  );
}

function format(count: number): string {
  return count.toLocaleString('en');
}
