import { nearest } from '../nearest.ts';
import { type Problem, problemAt } from '../problem.ts';
import type { Assignment, Command, CommandOf, NamePattern, Renaming, SortKey } from './ast.ts';
import { parseExpression } from './parse-expression.ts';
import {
  count,
  createParser,
  expectName,
  expectSymbol,
  expectText,
  fail,
  failExpected,
  found,
  isSymbol,
  isWord,
  lastEnd,
  list,
  next,
  type Parser,
  peek,
  SyntaxProblemError,
  takeSymbol,
  takeWord,
} from './parser.ts';
import { nameOf } from './token.ts';

export type ParseResult =
  | { readonly kind: 'ok'; readonly commands: readonly Command[] }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** In UTF-16 units. */
export const MAXIMUM_QUERY_LENGTH = 65_536;
export const MAXIMUM_COMMANDS = 200;

const SOURCES: Readonly<Record<string, (parser: Parser, start: number) => Command>> = {
  from: parseFrom,
  row: parseRow,
};

const COMMANDS: Readonly<Record<string, (parser: Parser, start: number) => Command>> = {
  where: parseWhere,
  eval: parseEval,
  stats: parseStats,
  keep: parseKeep,
  drop: parseDrop,
  rename: parseRename,
  grok: parseGrok,
  dissect: parseDissect,
  mv_expand: parseMvExpand,
  sort: parseSort,
  limit: parseLimit,
};

/** Commands of Elasticsearch that are not supported: the reason, or the replacement. */
export const REFUSED_COMMANDS: Readonly<Record<string, string>> = {
  change_point: 'rules have no series of buckets',
  completion: 'firstseen has no inference service',
  enrich: 'firstseen has no enrich policies: use CASE, or an exception with a value list',
  explain: 'use `firstseen rules explain`',
  fork: 'write one rule for each branch',
  fuse: 'rules have no scores',
  inlinestats: 'write STATS, with every column that is still needed in BY or VALUES()',
  inline: 'write STATS, with every column that is still needed in BY or VALUES()',
  insist: 'leave it out: all paths of an audit event are known',
  join: 'firstseen has no lookup indices: use an exception with a value list',
  lookup: 'firstseen has no lookup indices: use an exception with a value list',
  metrics: 'firstseen has no time series',
  mmr: 'firstseen has no vectors',
  promql: 'firstseen has no time series',
  rerank: 'firstseen has no inference service',
  sample: 'leave it out: every event is evaluated',
  show: 'only events can be queried',
  ts: 'firstseen has no time series',
};

/**
 * Reads a query of ES|QL.
 *
 *   query      = source { "|" command }
 *   source     = FROM index { "," index } [ METADATA name { "," name } ] | ROW assignments
 *   command    = WHERE or | EVAL assignments | STATS [ aggregates ] [ BY assignments ] | KEEP patterns | DROP patterns
 *              | RENAME name AS name { "," name AS name } | GROK primary text { "," text }
 *              | DISSECT primary text [ APPEND_SEPARATOR "=" text ]
 *              | MV_EXPAND name | SORT keys | LIMIT integer
 *   assignment = [ name "=" ] or ;  aggregate = assignment [ WHERE or ]
 *   key        = or [ ASC | DESC ] [ NULLS ( FIRST | LAST ) ]
 *
 * Other commands of Elasticsearch are refused by name. Never throws; linear in the length of the query, with bounded
 * depth. Reading stops at the first mistake.
 * @see https://www.elastic.co/docs/reference/query-languages/esql/esql-syntax
 */
export function parseEsql(query: string): ParseResult {
  if (query.length > MAXIMUM_QUERY_LENGTH) {
    const message = `the query has ${query.length} characters; the limit is ${MAXIMUM_QUERY_LENGTH}`;
    return { kind: 'invalid', problems: [problemAt(query, 0, message)] };
  }
  try {
    return { kind: 'ok', commands: parseQuery(createParser(query)) };
  } catch (error) {
    if (error instanceof SyntaxProblemError) return { kind: 'invalid', problems: [error.problem] };
    throw error;
  }
}

function parseQuery(parser: Parser): readonly Command[] {
  const commands = [parseCommand(parser, SOURCES)];
  while (takeSymbol(parser, '|')) {
    if (commands.length === MAXIMUM_COMMANDS) {
      fail(
        parser,
        peek(parser).start,
        `the query has more than ${MAXIMUM_COMMANDS} commands`,
        'join adjacent WHERE commands with AND',
      );
    }
    commands.push(parseCommand(parser, COMMANDS));
  }
  if (peek(parser).kind !== 'end') failAfterCommand(parser, commands[commands.length - 1]);
  return commands;
}

function failAfterCommand(parser: Parser, command: Command | undefined): never {
  if (isSymbol(peek(parser), '=')) failExpected(parser, '`|` or the end', 'write == to compare');
  const mayJoin = command?.kind === 'where';
  failExpected(parser, mayJoin ? '`AND`, `OR`, `|` or the end' : '`,`, `|` or the end', 'separate commands with |');
}

function parseCommand(parser: Parser, known: typeof COMMANDS): Command {
  const token = peek(parser);
  const word = token.kind === 'name' && !token.quoted ? nameOf(token).toLowerCase() : undefined;
  if (word === undefined) failExpected(parser, known === SOURCES ? '`FROM` or `ROW`' : 'a command');
  const parse = Object.hasOwn(known, word) ? known[word] : undefined;
  if (parse === undefined) failCommand(parser, word, known);
  next(parser);
  return parse(parser, token.start);
}

function failCommand(parser: Parser, word: string, known: typeof COMMANDS): never {
  const token = peek(parser);
  if (Object.hasOwn(REFUSED_COMMANDS, word)) {
    fail(parser, token.start, `${word.toUpperCase()} is not supported`, REFUSED_COMMANDS[word]);
  }
  if (Object.hasOwn(SOURCES, word)) {
    fail(parser, token.start, `${word.toUpperCase()} is only allowed at the beginning of a query`);
  }
  if (Object.hasOwn(COMMANDS, word)) {
    fail(
      parser,
      token.start,
      `a query begins with FROM or ROW, not with ${word.toUpperCase()}`,
      'write FROM logs-* | … before it',
    );
  }
  const close = nearest(word, [...Object.keys(known), ...Object.keys(REFUSED_COMMANDS)]);
  const hint =
    close === undefined
      ? `commands are ${Object.keys(known)
          .map((name) => name.toUpperCase())
          .join(', ')}`
      : `did you mean ${close.toUpperCase()}?`;
  fail(parser, token.start, `unknown command ${found(parser, token)}`, hint);
}

function parseFrom(parser: Parser, start: number): CommandOf<'from'> {
  list(parser, () => {
    const token = peek(parser);
    if (isSymbol(token, '('))
      fail(parser, token.start, 'subqueries in FROM are not supported', 'write one rule for each subquery');
    if (token.kind !== 'source' && token.kind !== 'string') failExpected(parser, 'an index', 'for example FROM logs-*');
    next(parser);
  });
  const metadata = takeWord(parser, 'metadata') ? list(parser, () => parsePattern(parser, 'a metadata field')) : [];
  return { kind: 'from', metadata, start, end: lastEnd(parser) };
}

function parseRow(parser: Parser, start: number): Command {
  return { kind: 'row', columns: parseAssignments(parser), start, end: lastEnd(parser) };
}

function parseWhere(parser: Parser, start: number): Command {
  return { kind: 'where', condition: parseExpression(parser), start, end: lastEnd(parser) };
}

function parseEval(parser: Parser, start: number): Command {
  return { kind: 'eval', columns: parseAssignments(parser), start, end: lastEnd(parser) };
}

function parseStats(parser: Parser, start: number): Command {
  const none = isWord(peek(parser), 'by');
  const aggregates = none ? [] : list(parser, () => parseAggregate(parser));
  const groups = takeWord(parser, 'by') ? parseAssignments(parser) : [];
  return { kind: 'stats', aggregates, groups, start, end: lastEnd(parser) };
}

function parseAssignments(parser: Parser): readonly Assignment[] {
  return list(parser, () => parseAssignment(parser));
}

function parseAssignment(parser: Parser): Assignment {
  count(parser, 'columns');
  const { start } = peek(parser);
  let name: string | undefined;
  if (peek(parser).kind === 'name' && isSymbol(peek(parser, 1), '=')) {
    name = nameOf(expectName(parser, 'a name'));
    next(parser);
  }
  const expression = parseExpression(parser);
  const written = parser.query.slice(expression.start, expression.end);
  return {
    name: name ?? (expression.kind === 'column' ? expression.name : written),
    expression,
    start,
    end: lastEnd(parser),
  };
}

function parseAggregate(parser: Parser): Assignment {
  const aggregate = parseAssignment(parser);
  if (!takeWord(parser, 'where')) return aggregate;
  const where = parseExpression(parser);
  return { ...aggregate, where, end: lastEnd(parser) };
}

function parseKeep(parser: Parser, start: number): Command {
  const names = list(parser, () => parsePattern(parser, 'the name of a column'));
  return { kind: 'keep', names, start, end: lastEnd(parser) };
}

function parseDrop(parser: Parser, start: number): Command {
  const names = list(parser, () => parsePattern(parser, 'the name of a column'));
  return { kind: 'drop', names, start, end: lastEnd(parser) };
}

function parsePattern(parser: Parser, what: string): NamePattern {
  count(parser, 'columns');
  const token = peek(parser);
  if (token.kind !== 'name') failExpected(parser, what);
  next(parser);
  return { pieces: token.pieces, start: token.start, end: token.end };
}

function parseRename(parser: Parser, start: number): Command {
  const renamings = list(parser, (): Renaming => {
    count(parser, 'columns');
    const first = expectName(parser, 'the name of a column');
    const assigned = takeSymbol(parser, '=');
    if (!assigned && !takeWord(parser, 'as')) failExpected(parser, '`AS`', 'write RENAME old AS new');
    const second = expectName(parser, assigned ? 'the name of a column' : 'a new name');
    const [from, to] = assigned ? [second, first] : [first, second];
    return { from: nameOf(from), to: nameOf(to), start: from.start, end: from.end };
  });
  return { kind: 'rename', renamings, start, end: lastEnd(parser) };
}

function parseGrok(parser: Parser, start: number): Command {
  const input = parseExpression(parser);
  const patterns = list(parser, () => {
    count(parser, 'groks');
    return expectText(parser, 'a Grok pattern');
  });
  return { kind: 'grok', input, patterns, start, end: lastEnd(parser) };
}

function parseDissect(parser: Parser, start: number): Command {
  const input = parseExpression(parser);
  const pattern = expectText(parser, 'a pattern');
  let separator = '';
  if (peek(parser).kind === 'name') {
    const option = expectName(parser, 'an option');
    if (nameOf(option).toLowerCase() !== 'append_separator') {
      fail(
        parser,
        option.start,
        `unknown option ${found(parser, option)} for DISSECT`,
        'the only one is APPEND_SEPARATOR="…"',
      );
    }
    expectSymbol(parser, '=');
    separator = expectText(parser, 'the separator').value;
  }
  return { kind: 'dissect', input, pattern, separator, start, end: lastEnd(parser) };
}

function parseMvExpand(parser: Parser, start: number): Command {
  const name = nameOf(expectName(parser, 'the name of a column'));
  return { kind: 'mvExpand', name, start, end: lastEnd(parser) };
}

function parseSort(parser: Parser, start: number): Command {
  const keys = list(parser, (): SortKey => {
    const expression = parseExpression(parser);
    const descending = takeWord(parser, 'desc');
    if (!descending) takeWord(parser, 'asc');
    let nullsFirst = descending;
    if (takeWord(parser, 'nulls')) {
      nullsFirst = takeWord(parser, 'first');
      if (!nullsFirst && !takeWord(parser, 'last')) failExpected(parser, '`FIRST` or `LAST`');
    }
    return { expression, descending, nullsFirst, start: expression.start, end: lastEnd(parser) };
  });
  return { kind: 'sort', keys, start, end: lastEnd(parser) };
}

function parseLimit(parser: Parser, start: number): Command {
  const token = peek(parser);
  if (token.kind !== 'integer') failExpected(parser, 'a number of rows');
  next(parser);
  const rows = Number(parser.query.slice(token.start, token.end));
  return { kind: 'limit', rows: Math.min(rows, Number.MAX_SAFE_INTEGER), start, end: lastEnd(parser) };
}
