import { nearest } from '../nearest.ts';
import { type Problem, problemAt } from '../problem.ts';
import { failAfterExpression } from './mistakes.ts';
import { parseExpression, parseJoinKey } from './parse-expression.ts';
import {
  createParser,
  fail,
  isKeyword,
  isSymbol,
  next,
  type Parser,
  peek,
  shown,
  takeKeyword,
  takeSymbol,
} from './parser.ts';
import type { EventSyntax, FieldNode, ItemSyntax, QuerySyntax } from './syntax.ts';

export type SyntaxResult =
  | { readonly kind: 'ok'; readonly query: QuerySyntax }
  | { readonly kind: 'invalid'; readonly problem: Problem };

/** In UTF-16 units. */
export const MAXIMUM_QUERY_LENGTH = 65_536;
export const MAXIMUM_RUNS = 100;
/** Counted over all items of a sequence, each as often as it runs. */
export const MAXIMUM_STEPS = 1_000;

const MICROS: Readonly<Record<string, number>> = {
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};
const PIPES = ['count', 'filter', 'head', 'sort', 'tail', 'unique', 'unique_count'] as const;

/**
 * Reads the syntax of a query, without a look at what its names stand for.
 *
 *   query    = ( event | sequence )
 *   event    = ( "any" | name | string ) "where" expression
 *   sequence = "sequence" [ by ] [ "with" "maxspan" "=" digits unit ] item { item } [ "until" item ]
 *   item     = "[" event "]" [ by ] [ "with" "runs" "=" digits ]
 *   by       = "by" field { "," field }
 *   unit     = "ms" | "s" | "m" | "h" | "d"
 *
 * Refused by name: pipes, samples, joins, missing events (`![ … ]`). Reading stops at the first mistake. Never throws;
 * linear in the length of the query; what is too long or nested too deep is a mistake too.
 * @see https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax
 */
export function parseSyntax(source: string): SyntaxResult {
  if (source.length > MAXIMUM_QUERY_LENGTH) {
    const message = `the query has ${source.length} characters; the limit is ${MAXIMUM_QUERY_LENGTH}`;
    return { kind: 'invalid', problem: problemAt(source, 0, message, 'split it into several rules') };
  }
  const parser = createParser(source);
  const query = parseQuery(parser);
  if (isSymbol(peek(parser), '|')) failAtPipe(parser);
  else if (peek(parser).kind !== 'end') failAfterExpression(parser);
  return parser.mistake === undefined ? { kind: 'ok', query } : { kind: 'invalid', problem: parser.mistake };
}

function parseQuery(parser: Parser): QuerySyntax {
  const token = peek(parser);
  if (isKeyword(token, 'sequence')) return parseSequence(parser);
  if (isKeyword(token, 'sample')) {
    const message =
      'samples (`sample by …`) are not supported: their events have no order, so no event completes a sample';
    fail(parser, token.start, message, 'write a sequence, or one sequence for each order', 'unsupported');
  } else if (isKeyword(token, 'join')) {
    fail(parser, token.start, 'joins are not supported, here or in Elasticsearch', 'write a sequence with `by`');
  }
  return { kind: 'event', event: parseEvent(parser) };
}

function parseEvent(parser: Parser): EventSyntax {
  const token = peek(parser);
  const category = parseCategory(parser);
  if (takeKeyword(parser, 'where') === undefined) {
    const found = peek(parser);
    const inEql = 'write `any where CONDITION`';
    const hint = isFieldAndColon(parser)
      ? `if this is KQL, set type: query, or language: kuery; in EQL ${inEql}`
      : inEql;
    fail(parser, found.start, `expected \`where\` after ${shown(parser, token)}, found ${shown(parser, found)}`, hint);
  }
  return { category, condition: parseExpression(parser) };
}

/** True after the first name of `field.name: value`: a KQL query begins like this. */
function isFieldAndColon(parser: Parser): boolean {
  let ahead = 0;
  while (isSymbol(peek(parser, ahead), '.') && peek(parser, ahead + 1).kind === 'name') ahead += 2;
  return isSymbol(peek(parser, ahead), ':');
}

function parseCategory(parser: Parser): EventSyntax['category'] {
  const token = peek(parser);
  if (token.kind === 'name' && token.quoted) {
    fail(parser, token.start, 'a category cannot be in backticks', 'put it in double quotes');
  } else if (token.kind === 'end') {
    fail(parser, token.start, 'the query is empty', 'write `any where CONDITION`');
  } else if (token.kind === 'name' || token.kind === 'string') {
    next(parser);
    return { name: token.kind === 'name' ? token.name : token.text, start: token.start };
  } else if (takeKeyword(parser, 'any') === undefined) {
    const message = `expected \`any\`, a category or \`sequence\`, found ${shown(parser, token)}`;
    const hint = 'write `any where CONDITION`; put a category with unusual characters in double quotes';
    fail(parser, token.start, message, hint);
  }
  return undefined;
}

function parseSequence(parser: Parser): QuerySyntax {
  const { start } = next(parser);
  const by = parseKeys(parser);
  const maxspanMicros = parseMaxspan(parser);
  if (isKeyword(peek(parser), 'by')) {
    fail(parser, peek(parser).start, '`by` must come before `with maxspan`', 'write sequence by field with maxspan=5m');
  }
  const items: ItemSyntax[] = [];
  do items.push(parseItem(parser));
  while (isSymbol(peek(parser), '[') || isSymbol(peek(parser), '!['));
  const until = takeKeyword(parser, 'until') === undefined ? undefined : parseUntil(parser);
  if (isSymbol(peek(parser), ',')) {
    fail(parser, peek(parser).start, 'the events of a sequence are not separated by commas', 'remove the comma');
  }
  if (peek(parser).kind === 'end') checkSteps(parser, start, items);
  return { kind: 'sequence', start, by, maxspanMicros, items, until };
}

function parseItem(parser: Parser): ItemSyntax {
  const open = peek(parser);
  if (isSymbol(open, '![')) {
    const message =
      'missing events (`![ … ]`) are not supported: rules are evaluated when an event arrives, and no event arrives when the time runs out';
    const hint = 'write the events that occur, and `until [ … ]` for an event that ends the sequence';
    fail(parser, open.start, message, hint, 'unsupported');
  } else if (takeSymbol(parser, '[') === undefined) {
    const hint = 'write each event of a sequence as [ any where CONDITION ]';
    fail(parser, open.start, `expected \`[\`, found ${shown(parser, open)}`, hint);
  }
  const event = parseEvent(parser);
  if (takeSymbol(parser, ']') === undefined) {
    if (peek(parser).kind === 'end') fail(parser, open.start, 'this `[` is never closed', 'add the closing `]`');
    else if (isSymbol(peek(parser), '|')) failAtPipe(parser);
    else failAfterExpression(parser);
  }
  const by = parseKeys(parser);
  const runs = parseRuns(parser);
  if (isKeyword(peek(parser), 'by')) {
    fail(parser, peek(parser).start, '`by` must come before `with runs`', 'write [ … ] by field with runs=3');
  }
  return { event, by, runs, start: open.start };
}

function parseUntil(parser: Parser): ItemSyntax {
  const item = parseItem(parser);
  if (item.runs > 1)
    fail(parser, item.start, '`until` takes no `with runs`', 'remove it: a single event ends the sequence');
  return item;
}

function parseKeys(parser: Parser): readonly FieldNode[] {
  if (takeKeyword(parser, 'by') === undefined) return [];
  const keys: FieldNode[] = [];
  do {
    const key = parseJoinKey(parser);
    if (key !== undefined) keys.push(key);
  } while (takeSymbol(parser, ',') !== undefined);
  return keys;
}

/** `with maxspan=5m`, in microseconds. */
function parseMaxspan(parser: Parser): number | undefined {
  if (takeKeyword(parser, 'with') === undefined) return undefined;
  const hint = 'write with maxspan=5m; units are ms, s, m, h and d';
  if (takeKeyword(parser, 'maxspan') === undefined) {
    fail(parser, peek(parser).start, `expected \`maxspan\`, found ${shown(parser, peek(parser))}`, hint);
  }
  takeAssignment(parser, 'maxspan', hint);
  const number = peek(parser);
  if (number.kind !== 'number' || !number.integer || number.value === 0) {
    fail(parser, number.start, `maxspan takes a whole number of at least 1, found ${shown(parser, number)}`, hint);
    return undefined;
  }
  next(parser);
  const unit = peek(parser);
  const micros = unit.kind === 'name' && Object.hasOwn(MICROS, unit.name) ? MICROS[unit.name] : undefined;
  if (micros === undefined) {
    if (unit.kind === 'name') fail(parser, unit.start, `${shown(parser, unit)} is not a unit of time`, hint);
    else fail(parser, number.start, 'maxspan has no unit', `did you mean ${number.value}s? ${hint}`);
    return undefined;
  }
  next(parser);
  const span = number.value * micros;
  if (Number.isSafeInteger(span)) return span;
  fail(parser, number.start, 'maxspan is too long', 'write a shorter one, or leave it out');
  return undefined;
}

/** `with runs=3`; 1 if it is missing. */
function parseRuns(parser: Parser): number {
  if (takeKeyword(parser, 'with') === undefined) return 1;
  const hint = `write with runs=3; the range is 1 to ${MAXIMUM_RUNS}`;
  const key = peek(parser);
  if (key.kind !== 'name' || key.name !== 'runs') {
    const advice = isKeyword(key, 'maxspan')
      ? 'maxspan applies to the whole sequence: write sequence with maxspan=5m [ … ]'
      : hint;
    fail(parser, key.start, `expected \`runs\`, found ${shown(parser, key)}`, advice);
  }
  next(parser);
  takeAssignment(parser, 'runs', hint);
  const number = peek(parser);
  if (number.kind !== 'number' || !number.integer || number.value < 1 || number.value > MAXIMUM_RUNS) {
    const message = `runs takes a whole number from 1 to ${MAXIMUM_RUNS}, found ${shown(parser, number)}`;
    fail(parser, number.start, message, hint);
    return 1;
  }
  next(parser);
  return number.value;
}

function takeAssignment(parser: Parser, name: string, hint: string): void {
  if (takeSymbol(parser, '=') !== undefined) return;
  fail(parser, peek(parser).start, `expected \`=\` after \`${name}\`, found ${shown(parser, peek(parser))}`, hint);
}

function checkSteps(parser: Parser, start: number, items: readonly ItemSyntax[]): void {
  const steps = items.reduce((sum, { runs }) => sum + runs, 0);
  if (steps < 2) {
    const hint = 'add an item, write `with runs=2`, or write an event query';
    fail(parser, start, 'a sequence needs at least two events', hint);
  } else if (steps > MAXIMUM_STEPS) {
    fail(parser, start, `the sequence has ${steps} events; the limit is ${MAXIMUM_STEPS}`, 'use fewer items or runs');
  }
}

/** Pipes process the results of one search; a rule has none. */
function failAtPipe(parser: Parser): void {
  const pipe = next(parser);
  const name = peek(parser);
  if (isSymbol(name, '|')) {
    fail(parser, pipe.start, '`||` is not an EQL operator', 'write `or`');
    return;
  }
  const word = name.kind === 'name' ? name.name : '';
  const known = PIPES.find((one) => one === word);
  if (known === undefined) {
    const suggestion = nearest(word, PIPES);
    const meant = suggestion === undefined ? '' : `, did you mean ${suggestion}?`;
    fail(parser, name.start, `${shown(parser, name)} is not an EQL pipe${meant}`, 'remove it: rules have no pipes');
    return;
  }
  const elsewhere = known === 'head' || known === 'tail' ? '' : ', here or in Elasticsearch';
  const message = `the pipe \`| ${known}\` is not supported${elsewhere}: pipes process the results of a search, and a rule evaluates each event as it arrives`;
  fail(parser, pipe.start, message, 'remove the pipe', elsewhere === '' ? 'unsupported' : undefined);
}
