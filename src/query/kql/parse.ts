import type { Field } from '../../ecs/field.ts';
import type { Lowered } from '../predicate/field-value.ts';
import type { Predicate } from '../predicate/predicate.ts';
import { FALSE, simplify, TRUE } from '../predicate/simplify.ts';
import { clip, type Problem, problemAt } from '../problem.ts';
import type { Comparison } from './lexer.ts';
import { adviseFreeText, adviseSingleQuotes } from './mistakes.ts';
import {
  createParser,
  fail,
  isKeyword,
  isSymbol,
  next,
  type Parser,
  peek,
  peekWord,
  report,
  sourceOf,
} from './parser.ts';
import { failAfterCondition, failBroken, failMissingCondition, failMissingValue, failUnclosed } from './unexpected.ts';
import { type Literal, lowerMatch, lowerRange } from './value.ts';

/** Resolves the names in a query. */
export interface KqlFields {
  /** The field of a name, always the same object for the same field; undefined if there is none. */
  readonly resolveField: (name: string) => Field | undefined;
  /** The name that was most likely meant by an unknown one. */
  readonly suggestField?: (name: string) => string | undefined;
}

export type KqlResult =
  | { readonly kind: 'ok'; readonly predicate: Predicate }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] };

/** In UTF-16 units. */
export const MAXIMUM_QUERY_LENGTH = 65_536;
export const MAXIMUM_QUERY_DEPTH = 100;

interface KqlParser extends Parser {
  readonly fields: KqlFields;
}

/** The field that a value belongs to: undefined if it is unknown, which has been reported. */
type Owner = Field | undefined;

/**
 * Reads a query in Kibana's query language.
 *
 *   query      = [ or ]                          an empty query is true of every event
 *   or         = and { "or" and }
 *   and        = not { "and" not }
 *   not        = { "not" } ( "(" or ")" | condition )
 *   condition  = name ":" value | name ( "<" | "<=" | ">" | ">=" ) literal | "*" | "*" ":" "*"
 *   value      = { "not" } ( "(" valueOr ")" | literal )
 *   valueOr    = valueAnd { "or" valueAnd }
 *   valueAnd   = value { "and" value }
 *   name, literal = quoted | word { word }       the white space between the words belongs to the literal
 *
 * `f:(a and not b)` asks for some value of f that is a and for none that is b; the negation of a condition on an absent
 * field is true. Refused by name: a value without a field, a wildcard in a field name, nested fields (`f:{ … }`), date
 * math. A query that is too long or nested too deep is a problem too. Never throws; linear in the length of the query.
 * Problems are in the order of the text; reading stops at the first mistake of syntax, others are collected (at most
 * 20).
 */
export function parseKql(query: string, fields: KqlFields): KqlResult {
  if (query.length > MAXIMUM_QUERY_LENGTH) {
    const message = `the query has ${query.length} characters; the limit is ${MAXIMUM_QUERY_LENGTH}`;
    return { kind: 'invalid', problems: [problemAt(query, 0, message, 'split it into several rules')] };
  }
  const parser: KqlParser = { ...createParser(query), fields };
  const predicate = peek(parser).kind === 'end' ? TRUE : parseOr(parser);
  if (peek(parser).kind !== 'end') failAfterCondition(parser);
  return parser.problems.length === 0
    ? { kind: 'ok', predicate: simplify(predicate) }
    : { kind: 'invalid', problems: parser.problems };
}

function parseOr(parser: KqlParser): Predicate {
  return junction(parser, 'or', () => junction(parser, 'and', () => parseNot(parser)));
}

function parseNot(parser: KqlParser): Predicate {
  const negated = takeNots(parser);
  const operand = isSymbol(peek(parser), '(') ? group(parser, () => parseOr(parser)) : parseCondition(parser);
  return negate(negated, operand);
}

function parseCondition(parser: KqlParser): Predicate {
  const name = parseLiteral(parser);
  if (name === undefined) return failMissingCondition(parser);
  const token = peek(parser);
  if (token.kind !== 'symbol') return parseWithoutField(parser, name);
  switch (token.symbol) {
    case ':':
      return parseFieldValue(parser, name);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return parseRange(parser, name, token.symbol);
    case '(':
    case ')':
    case '{':
    case '}':
      return parseWithoutField(parser, name);
  }
}

function parseFieldValue(parser: KqlParser, name: Literal): Predicate {
  next(parser);
  const token = peek(parser);
  if (isSymbol(token, '{')) {
    const hint = 'write the full name of each inner field, and join the conditions with `and`';
    return fail(parser, token.start, 'a nested field (`field:{ … }`) is not supported', hint, 'unsupported');
  }
  if (!isStar(name)) return parseValue(parser, resolve(parser, name));
  const star = peekWord(parser);
  if (star?.parts.every((part) => part === '')) {
    next(parser);
    return TRUE;
  }
  report(parser, name.start, 'searching all fields (`*:value`) is not supported', 'name the field', 'unsupported');
  return parseValue(parser, undefined);
}

function parseRange(parser: KqlParser, name: Literal, operator: Comparison): Predicate {
  const sign = next(parser);
  if (textOf(name).endsWith('=')) {
    const sought = `${operator.charAt(0)}=`;
    return fail(parser, name.end - 1, `\`=${operator}\` is not a KQL operator`, `write \`${sought}\``);
  }
  const field = resolve(parser, name);
  const token = peek(parser);
  if (isSymbol(token, '(')) {
    const hint = 'repeat the field for each value and join the conditions with `and` or `or`';
    return fail(parser, token.start, `\`${sourceOf(parser, sign)}\` takes one value, not a list`, hint);
  }
  const literal = parseLiteral(parser);
  if (literal === undefined) return failMissingValue(parser);
  return lower(parser, field, literal, (known) => lowerRange(known, operator, literal));
}

function parseValue(parser: KqlParser, owner: Owner): Predicate {
  const negated = takeNots(parser);
  if (isSymbol(peek(parser), '(')) {
    const list = group(parser, () => parseValueOr(parser, owner));
    return negate(negated, list);
  }
  const literal = parseLiteral(parser);
  if (literal === undefined) return failMissingValue(parser);
  const condition = lower(parser, owner, literal, (field) => lowerMatch(field, literal));
  return negate(negated, condition);
}

function parseValueOr(parser: KqlParser, owner: Owner): Predicate {
  return junction(parser, 'or', () => junction(parser, 'and', () => parseValue(parser, owner)));
}

/** Words up to the next other token, or one quoted text; undefined if there is neither. */
function parseLiteral(parser: Parser): Literal | undefined {
  const token = peek(parser);
  if (token.kind === 'quoted') {
    next(parser);
    return { parts: [token.text], quoted: true, start: token.start, end: token.end };
  }
  if (token.kind !== 'word' || (token.keyword !== undefined && !isWholeValue(parser))) return undefined;
  next(parser);
  const parts = [...token.parts];
  let end = token.end;
  for (let word = peekWord(parser); word !== undefined; word = peekWord(parser)) {
    const [first = '', ...others] = word.parts;
    parts.push(`${parts.pop() ?? ''}${parser.query.slice(end, word.start)}${first}`);
    for (const part of others) parts.push(part);
    end = word.end;
    next(parser);
  }
  return { parts, quoted: false, start: token.start, end };
}

/** Whether the next token, a keyword, is a whole value, as in `f:or` and `f:(not)`; it is then a plain word. */
function isWholeValue(parser: Parser): boolean {
  const before = parser.tokens[parser.index - 1];
  const after = parser.tokens[parser.index + 1];
  if (isSymbol(before, '(')) return isSymbol(after, ')');
  return isSymbol(before, ':') && (after?.kind === 'end' || isSymbol(after, ')'));
}

/** Operands separated by a keyword. */
function junction(parser: Parser, kind: 'and' | 'or', parse: () => Predicate): Predicate {
  const operands = [parse()];
  while (isKeyword(peek(parser), kind)) {
    next(parser);
    operands.push(parse());
  }
  return { kind, operands };
}

/** Parses the content of a pair of parentheses. */
function group(parser: Parser, parse: () => Predicate): Predicate {
  const open = next(parser);
  if (parser.depth >= MAXIMUM_QUERY_DEPTH) {
    const message = `parentheses are nested more than ${MAXIMUM_QUERY_DEPTH} deep`;
    return fail(parser, open.start, message, 'remove unneeded parentheses, or split the condition into several rules');
  }
  if (isSymbol(peek(parser), ')')) {
    return fail(parser, open.start, 'these parentheses are empty', 'write a condition between them, or remove them');
  }
  parser.depth += 1;
  const inner = parse();
  parser.depth -= 1;
  const token = peek(parser);
  if (isSymbol(token, ')')) next(parser);
  else if (token.kind === 'end') failUnclosed(parser, open);
  else failAfterCondition(parser);
  return inner;
}

/** True if their number is odd. */
function takeNots(parser: Parser): boolean {
  let negated = false;
  while (isKeyword(peek(parser), 'not') && !isWholeValue(parser)) {
    next(parser);
    negated = !negated;
  }
  return negated;
}

function resolve(parser: KqlParser, name: Literal): Owner {
  const text = textOf(name);
  if (name.parts.length > 1) {
    const message = `wildcards in a field name (\`${clip(text)}\`) are not supported`;
    report(parser, name.start, message, 'name each field', 'unsupported');
    return undefined;
  }
  const field = parser.fields.resolveField(text);
  if (field !== undefined) return field;
  const last = /\S+$/.exec(text.slice(-256))?.[0] ?? '';
  if (last.length < text.length && parser.fields.resolveField(last) !== undefined) {
    const before = clip(text.slice(0, text.length - last.length).trim());
    const hint = `write field:value, and \`and\` or \`or\` before ${clip(last)}`;
    report(parser, name.start, `\`${before}\` has no field`, hint);
    return undefined;
  }
  report(parser, name.start, `unknown field \`${clip(text)}\``, fieldHint(parser.fields, text));
  return undefined;
}

function fieldHint(fields: KqlFields, name: string): string | undefined {
  const bare = name.slice(1);
  if (/^[!-]/.test(name) && fields.resolveField(bare) !== undefined) return `write not ${clip(bare)}`;
  const suggestion = fields.suggestField?.(name);
  return suggestion === undefined ? undefined : `did you mean ${suggestion}?`;
}

function lower(parser: Parser, owner: Owner, literal: Literal, by: (field: Field) => Lowered): Predicate {
  const quotes = literal.quoted ? undefined : adviseSingleQuotes(textOf(literal));
  if (quotes !== undefined) report(parser, literal.start, quotes.message, quotes.hint);
  if (owner === undefined || quotes !== undefined) return FALSE;
  const lowered = by(owner);
  if (lowered.kind === 'ok') return lowered.predicate;
  report(parser, literal.start, lowered.message, lowered.hint, lowered.as);
  return FALSE;
}

/** A literal on its own: `*` matches everything; anything else would search all fields, which is refused. */
function parseWithoutField(parser: Parser, literal: Literal): Predicate {
  if (isStar(literal)) return TRUE;
  const token = peek(parser);
  if (token.kind === 'broken') return failBroken(parser, token);
  const complete = token.kind === 'end' || isSymbol(token, ')') || isKeyword(token, 'and') || isKeyword(token, 'or');
  const advice = adviseFreeText(textOf(literal), complete ? '' : sourceOf(parser, token));
  if (!complete) return fail(parser, literal.start, advice.message, advice.hint);
  report(parser, literal.start, advice.message, advice.hint, advice.as);
  return FALSE;
}

function negate(negated: boolean, operand: Predicate): Predicate {
  return negated ? { kind: 'not', operand } : operand;
}

function textOf(literal: Literal): string {
  return literal.parts.join('*');
}

function isStar(literal: Literal): boolean {
  return literal.parts.length > 1 && literal.parts.every((part) => part === '');
}
