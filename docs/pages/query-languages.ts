import { explainSequence } from '../../src/cli/explain/explain-sequence.ts';
import { FIELDS, resolveField } from '../../src/ecs/fields.ts';
import { FUNCTIONS } from '../../src/query/eql/functions.ts';
import { parseEql } from '../../src/query/eql/parse.ts';
import { explainPredicate } from '../../src/query/explain/explain-predicate.ts';
import { parseKql } from '../../src/query/kql/parse.ts';
import { nearest } from '../../src/query/nearest.ts';
import type { ParsedCondition } from '../../src/query/parse-query.ts';
import type { FunctionRow, Parameter } from '../../src/query/predicate/function-row.ts';
import { code, type Page, page, table } from './page.ts';

/** A query that shows a construct; what it means is what the program makes of it. */
interface Example {
  readonly construct: string;
  readonly query: string;
}

const KQL: readonly Example[] = [
  { construct: '`field: value`', query: 'kubernetes.audit.verb: create' },
  { construct: '`field: "value"`, taken literally', query: 'user.name: "system:anonymous"' },
  { construct: '`\\` escapes `\\ ( ) : < > " * { }` and a space', query: 'user.name: system\\:anonymous' },
  { construct: '`field: (a or b)`', query: 'kubernetes.audit.verb: (create or patch)' },
  { construct: '`field: (a and b)`: one value each', query: 'kubernetes.audit.user.groups: (ops and oncall)' },
  { construct: '`field: (* and not a)`', query: 'user_agent.original: (* and not kube-probe*)' },
  { construct: '`field: *`', query: 'user.name: *' },
  {
    construct: '`*` in a value: any text, or none',
    query: 'kubernetes.audit.requestURI: (/healthz* or *token* or *log)',
  },
  { construct: '`<` `<=` `>` `>=`', query: 'kubernetes.audit.responseStatus.code >= 400' },
  { construct: 'a number, `true`, `false`', query: 'kubernetes.audit.responseStatus.code: 403' },
  { construct: 'an address, or a prefix', query: 'source.ip: (10.0.0.0/8 or 192.0.2.1)' },
  { construct: 'a date: all of a day, an hour, a second', query: '@timestamp >= 2026-01-31' },
  { construct: '`not`, `and`, `or`, in this order', query: 'not user.name: a and user.name: b or user.name: c' },
  { construct: '`(` `)`', query: 'not (user.name: a and source.ip: *)' },
  { construct: '`*: *`', query: '*: *' },
];

const KQL_REFUSED: readonly string[] = [
  'anonymous',
  '*: anonymous',
  'user.*: anonymous',
  'user.nmae: eve',
  'kubernetes.audit.requestObject.rules: { verbs: * and resources: * }',
  '@timestamp > now-7d',
  "user.name: 'eve'",
  'user.name = eve',
];

const EQL: readonly Example[] = [
  { construct: '`any where` condition', query: 'any where true' },
  { construct: '`==` `!=`', query: 'any where user.name == "eve" and kubernetes.audit.verb != "get"' },
  { construct: '`<` `<=` `>` `>=`', query: 'any where kubernetes.audit.responseStatus.code >= 400' },
  { construct: '`:`, equal in any letter case, with `*` and `?`', query: 'any where user_agent.original : "CURL*"' },
  { construct: '`in`, `not in`', query: 'any where kubernetes.audit.verb in ("get", "list")' },
  { construct: '`in~`, in any letter case', query: 'any where user.name in~ ("Eve", "Bob")' },
  { construct: '`like`: `*` any text, `?` one character', query: 'any where user.name like ("system:*", "a?b")' },
  { construct: '`like~`, in any letter case', query: 'any where user_agent.original like~ "*kali*"' },
  { construct: '`regex`, of the whole value (Lucene)', query: 'any where user.name regex "[a-z]+[0-9]{2}"' },
  { construct: '`regex~`, in any letter case', query: 'any where user.name regex~ "adm(in)?"' },
  { construct: '`== null`, `!= null`', query: 'any where user.name == null and user.id != null' },
  {
    construct: '`not`, `and`, `or`, in this order',
    query: 'any where not user.name == "a" and user.id == "b" or user.id == "c"',
  },
  { construct: '`+` `-` `*` `/` `%`', query: 'any where kubernetes.audit.responseStatus.code % 100 == 3' },
  { construct: 'a function', query: 'any where length(user_agent.original) > 200' },
  { construct: 'a function in any letter case, `~`', query: 'any where endsWith~(user.name, "Admin")' },
  {
    construct: 'a name in backticks',
    query: 'any where `kubernetes.audit.annotations.authorization_k8s_io/decision` == "forbid"',
  },
  { construct: '`?field`: the name need not be known', query: 'any where ?winlog.channel == null' },
  {
    construct: '`"…"` with escapes, `"""…"""` as it is',
    query: 'any where user.name == "a\\"b" or user.name == """a\\b"""',
  },
  { construct: '`//` and `/* */`', query: 'any where true // all of them' },
];

const SEQUENCES: readonly Example[] = [
  {
    construct: '`by`, `with maxspan`',
    query:
      'sequence by user.name with maxspan=5m [any where kubernetes.audit.verb == "create"] [any where kubernetes.audit.verb == "delete"]',
  },
  {
    construct: '`by` of an item, `?` for a field that may be absent',
    query:
      'sequence [any where user.name == "a"] by source.ip, ?user.id [any where user.name == "b"] by client.ip, ?user.id',
  },
  {
    construct: '`with runs`, `until`',
    query:
      'sequence by user.name [any where event.outcome == "failure"] with runs=3 [any where event.outcome == "success"] until [any where kubernetes.audit.verb == "delete"]',
  },
];

const EQL_REFUSED: readonly string[] = [
  'sample by user.name [any where true] [any where true]',
  'sequence by user.name with maxspan=1m [any where true] ![any where true]',
  'any where true | head 5',
  'any where user.nmae == "eve"',
  'any where user.name = "eve"',
  "any where user.name == 'eve'",
];

/** Operators and functions of each language; each example is read by the program, and what stands beside it is what it says. */
export function queryLanguagesPage(): Page {
  return page(
    'query-languages',
    'Operators and functions',
    'Write rules and exceptions in KQL (`language: kuery`) or EQL (`language: eql`); for rules of type `esql` see [ES|QL](esql.md). Only EQL has sequences. KQL and EQL mean what they mean in Elastic, with these ' +
      '[differences](../differences-from-elastic.md). The last column of the tables is the output of `firstseen rules explain`. ' +
      'Comparisons are case-sensitive unless stated otherwise. Arrays are flattened into sets of values; a condition holds if one value meets it.',
    '## KQL',
    examples(KQL, kql),
    'Refused:',
    refusals(KQL_REFUSED, kql),
    '## EQL',
    examples(EQL, parse),
    '### Sequences',
    examples(SEQUENCES, parse),
    'The events of a sequence are in the order of their times and have the same values of the `by` fields; the last is at most `maxspan` after the first. ' +
      'If several events could start a sequence, the latest does. An `until` event ends sequences under way.',
    '### Refused in EQL',
    refusals(EQL_REFUSED, parse),
    '## Functions',
    'For EQL. A function of an absent value returns null, and a condition on null does not hold. Where the column `~` says yes, `name~` ignores letter case. ' +
      'A function that exceeds the cost limit for one event returns null.',
    table(
      ['function', 'returns', '`~`', 'result'],
      FUNCTIONS.map((row) => [code(signature(row)), row.returns, row.caseless ? 'yes' : '', row.doc]),
    ),
  );
}

const FIELD_NAMES = FIELDS.map(({ name }) => name);
const NAMES = { resolveField, suggestField: (name: string) => nearest(name, FIELD_NAMES) };

function kql(query: string): ParsedCondition {
  const result = parseKql(query, NAMES);
  return result.kind === 'ok' ? { kind: 'event', predicate: result.predicate } : result;
}

function parse(query: string): ParsedCondition {
  return parseEql(query, NAMES);
}

/** @throws if an example cannot be read */
function examples(rows: readonly Example[], read: (query: string) => ParsedCondition): string {
  return table(
    ['construct', 'example', 'meaning'],
    rows.map(({ construct, query }) => [construct, code(query), inWords(read(query), query)]),
  );
}

function inWords(result: ParsedCondition, query: string): string {
  if (result.kind === 'invalid')
    throw new Error(`${query}: ${result.problems.map(({ message }) => message).join('; ')}`);
  const words =
    result.kind === 'sequence' ? explainSequence(result.sequence).words : explainPredicate(result.predicate);
  // Non-breaking spaces keep what is nested apart, as one cell of a table has one line of Markdown.
  return words
    .map((line) => line.replace(/^ +/, (space) => '&nbsp;'.repeat(space.length)))
    .map(literal)
    .join('<br>');
}

/** @throws if one is not refused */
function refusals(queries: readonly string[], read: (query: string) => ParsedCondition): string {
  return table(
    ['query', 'message'],
    queries.map((query) => {
      const result = read(query);
      if (result.kind !== 'invalid') throw new Error(`this is read: ${query}`);
      const [first] = result.problems;
      return [code(query), literal([first?.message, first?.hint].filter((text) => text !== undefined).join('; '))];
    }),
  );
}

/** Markdown reads `*` and `_` in a text as emphasis, and `<` as a tag. */
function literal(text: string): string {
  return text.replace(/`[^`]*`|[*_<]/g, (found) => (found.startsWith('`') ? found : `\\${found}`));
}

function signature({ name, parameters, variadic }: FunctionRow): string {
  const written = parameters.map((parameter, index) => {
    const text = argument(parameter);
    return variadic && index === parameters.length - 1 ? `${text}, …` : text;
  });
  return `${name}(${written.join(', ')})`;
}

function argument({ name, optional, constant }: Parameter): string {
  return `${optional ? '[' : ''}${constant ? 'constant ' : ''}${name}${optional ? ']' : ''}`;
}
