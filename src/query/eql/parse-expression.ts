import type { CompareOperator } from '../predicate/predicate.ts';
import { failAfterExpression, failMissingExpression, failUnclosed } from './mistakes.ts';
import {
  behind,
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
import type { FieldNode, MatchOperator, Node } from './syntax.ts';
import type { Keyword, Punctuation, Token } from './token.ts';

/** Nesting of parentheses and calls. */
export const MAXIMUM_QUERY_DEPTH = 100;
/** `+ - * / %` in one query: each may nest in the next. */
export const MAXIMUM_OPERATORS = 100;

const COMPARISONS: ReadonlySet<Punctuation> = new Set<CompareOperator>(['==', '!=', '<', '<=', '>', '>=']);
const MATCHES: ReadonlySet<Keyword> = new Set<Keyword>(['in', 'in~', 'like', 'like~', 'regex', 'regex~']);

/**
 * Reads an expression and leaves the rest to the caller.
 *
 * expression = and { "or" and }
 * and        = not { "and" not }
 * not        = { "not" } comparison
 * comparison = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ]
 * sum        = product { ( "+" | "-" ) product }
 * product    = sign { ( "*" | "/" | "%" ) sign }
 * sign       = { "-" | "+" } match
 * match      = primary [ [ "not" ] ( "in" | "in~" ) "(" expression { "," expression } ")"
 * | ( ":" | "like" | "like~" | "regex" | "regex~" ) ( constant | "(" constant { "," constant } ")" ) ]
 * primary    = constant | call | field | "(" expression ")"
 * constant   = string | number | "true" | "false" | "null"
 * call       = ( name | tilde ) "(" [ expression { "," expression } ] ")"
 * field      = [ "?" ] name { "." name }
 */
export function parseExpression(parser: Parser): Node {
  return junction(parser, 'or', () => junction(parser, 'and', () => parseNot(parser)));
}

/** A join key after `by`: a field. Other expressions are refused. */
export function parseJoinKey(parser: Parser): FieldNode | undefined {
  const token = peek(parser);
  const call = token.kind === 'tilde' || (token.kind === 'name' && isSymbol(peek(parser, 1), '('));
  if (!call && (token.kind === 'name' || isSymbol(token, '?'))) {
    const field = parseField(parser);
    if (field.kind === 'field') return field;
    return undefined;
  }
  const hint = 'write a field name after `by`';
  fail(parser, token.start, `expected a field as join key, found ${shown(parser, token)}`, hint);
  return undefined;
}

function junction(parser: Parser, kind: 'and' | 'or', parse: () => Node): Node {
  const first = parse();
  const operands = [first];
  while (takeKeyword(parser, kind) !== undefined) operands.push(parse());
  return operands.length === 1 ? first : { kind, operands, start: first.start, end: behind(parser) };
}

function parseNot(parser: Parser): Node {
  const start = peek(parser).start;
  let negated = false;
  while (takeKeyword(parser, 'not') !== undefined) negated = !negated;
  const operand = parseComparison(parser);
  return negated ? { kind: 'not', operand, start, end: operand.end } : operand;
}

function parseComparison(parser: Parser): Node {
  const left = parseSum(parser);
  const token = peek(parser);
  const operator = comparisonOf(token);
  if (operator === undefined) return left;
  next(parser);
  const right = parseSum(parser);
  const after = peek(parser);
  if (comparisonOf(after) !== undefined) {
    const hint = 'write two comparisons joined with `and`, or put the first one in parentheses';
    return fail(parser, after.start, 'comparisons cannot be chained', hint);
  }
  return { kind: 'compare', operator, at: token.start, left, right, start: left.start, end: right.end };
}

function parseSum(parser: Parser): Node {
  let left = parseProduct(parser);
  for (let token = peek(parser); token.kind === 'symbol'; token = peek(parser)) {
    const { symbol } = token;
    if (symbol !== '+' && symbol !== '-') break;
    countOperator(parser, next(parser));
    const right = parseProduct(parser);
    left = { kind: 'arithmetic', operator: symbol, left, right, start: left.start, end: right.end };
  }
  return left;
}

function parseProduct(parser: Parser): Node {
  let left = parseSign(parser);
  for (let token = peek(parser); token.kind === 'symbol'; token = peek(parser)) {
    const { symbol } = token;
    if (symbol !== '*' && symbol !== '/' && symbol !== '%') break;
    countOperator(parser, next(parser));
    const right = parseSign(parser);
    left = { kind: 'arithmetic', operator: symbol, left, right, start: left.start, end: right.end };
  }
  return left;
}

function parseSign(parser: Parser): Node {
  const start = peek(parser).start;
  let negative = false;
  let signed = false;
  for (let token = peek(parser); isSymbol(token, '-') || isSymbol(token, '+'); token = peek(parser)) {
    next(parser);
    if (isSymbol(token, '-')) negative = !negative;
    signed = true;
  }
  const operand = parseMatch(parser);
  if (!signed) return operand;
  if (negative && operand.kind === 'number') return { ...operand, value: -operand.value, start };
  const negated: Node = { kind: 'negate', operand, start, end: operand.end };
  return negative ? negated : { ...negated, operand: negated };
}

function parseMatch(parser: Parser): Node {
  const operand = parsePrimary(parser);
  const first = peek(parser);
  const negated = isKeyword(first, 'not');
  const token = negated ? peek(parser, 1) : first;
  const operator = matchOf(token);
  if (operator === undefined) return operand;
  if (negated) next(parser);
  next(parser);
  const takesList = operator === 'in' || operator === 'in~';
  if (negated && !takesList) {
    return fail(parser, first.start, `\`not\` is not allowed before \`${operator}\``, 'write `not` before the field');
  }
  const list = takesList
    ? parseList(parser, token, () => parseExpression(parser))
    : isSymbol(peek(parser), '(')
      ? parseList(parser, token, () => parseConstant(parser, operator))
      : [parseConstant(parser, operator)];
  const place = { start: operand.start, end: behind(parser) };
  return { kind: 'match', operator, negated, at: token.start, operand, list, ...place };
}

/** One or more items in parentheses, separated by commas. */
function parseList(parser: Parser, before: Token, parse: () => Node): readonly Node[] {
  const open = takeSymbol(parser, '(');
  if (open === undefined) {
    const found = shown(parser, peek(parser));
    fail(
      parser,
      peek(parser).start,
      `expected \`(\` after ${shown(parser, before)}, found ${found}`,
      'write in ("a", "b")',
    );
    return [];
  }
  const list = [parse()];
  while (takeSymbol(parser, ',') !== undefined) list.push(parse());
  closeParenthesis(parser, open, true);
  return list;
}

function parseConstant(parser: Parser, operator: MatchOperator): Node {
  const token = peek(parser);
  const constant = constantOf(token);
  if (constant === undefined) {
    const hint = operator === ':' ? 'write for example field : "value"' : `write for example field ${operator} "value"`;
    return fail(parser, token.start, `\`${operator}\` takes a constant, found ${shown(parser, token)}`, hint);
  }
  next(parser);
  return constant;
}

function parsePrimary(parser: Parser): Node {
  const token = peek(parser);
  const constant = constantOf(token);
  if (constant !== undefined) {
    next(parser);
    return constant;
  }
  if (isSymbol(token, '(')) return parseParentheses(parser);
  if (token.kind === 'tilde') return parseCall(parser, token.name, true);
  if (token.kind === 'name' && !token.quoted && isSymbol(peek(parser, 1), '('))
    return parseCall(parser, token.name, false);
  if (token.kind === 'name' || isSymbol(token, '?')) return parseField(parser);
  return failMissingExpression(parser);
}

function parseParentheses(parser: Parser): Node {
  const open = next(parser);
  if (isSymbol(peek(parser), ')')) {
    return fail(parser, open.start, 'these parentheses are empty', 'write an expression between them, or remove them');
  }
  const inner = nested(parser, open.start, () => parseExpression(parser));
  closeParenthesis(parser, open, false);
  return { ...inner, start: open.start, end: behind(parser) };
}

function parseCall(parser: Parser, name: string, caseless: boolean): Node {
  const { start } = next(parser);
  const open = takeSymbol(parser, '(');
  if (open === undefined) {
    return fail(
      parser,
      start,
      `\`${clipName(name)}~\` is a function and needs arguments`,
      `write ${clipName(name)}~(…)`,
    );
  }
  const list: Node[] = [];
  if (!isSymbol(peek(parser), ')')) {
    do list.push(nested(parser, start, () => parseExpression(parser)));
    while (takeSymbol(parser, ',') !== undefined);
  }
  closeParenthesis(parser, open, true);
  return { kind: 'call', name, caseless, arguments: list, start, end: behind(parser) };
}

function parseField(parser: Parser): Node {
  const { start } = peek(parser);
  const optional = takeSymbol(parser, '?') !== undefined;
  const first = peek(parser);
  if (optional && first.kind === 'string') {
    return fail(parser, start, '`?"…"` is no longer a raw string', 'put the text in three quotation marks: """…"""');
  }
  if (first.kind !== 'name') {
    return fail(parser, first.start, `expected a field name after \`?\`, found ${shown(parser, first)}`);
  }
  next(parser);
  let name = first.name;
  while (takeSymbol(parser, '.') !== undefined) {
    const segment = peek(parser);
    if (segment.kind !== 'name') {
      const hint = 'put the name in backticks if this is part of it';
      return fail(parser, segment.start, `expected a name after \`.\`, found ${shown(parser, segment)}`, hint);
    }
    next(parser);
    name = `${name}.${segment.name}`;
  }
  const bracket = peek(parser);
  if (isSymbol(bracket, '[') && peek(parser, 1).kind === 'number') {
    const hint = 'leave the index out: a condition on a field with several values is true if one of them matches';
    return fail(parser, bracket.start, 'indexing into a list (`field[0]`) is not supported', hint);
  }
  return { kind: 'field', name, optional, start, end: behind(parser) };
}

function closeParenthesis(parser: Parser, open: Token, isList: boolean): void {
  if (takeSymbol(parser, ')') !== undefined) return;
  const token = peek(parser);
  if (token.kind === 'end') failUnclosed(parser, open);
  else if (isList && (token.kind === 'string' || token.kind === 'number')) {
    fail(parser, token.start, `expected \`,\` or \`)\`, found ${shown(parser, token)}`, 'add a comma before it');
  } else failAfterExpression(parser);
}

function nested(parser: Parser, start: number, parse: () => Node): Node {
  if (parser.depth >= MAXIMUM_QUERY_DEPTH) {
    const message = `parentheses and calls are nested more than ${MAXIMUM_QUERY_DEPTH} deep`;
    return fail(parser, start, message, 'remove unneeded parentheses, or split the condition into several rules');
  }
  parser.depth += 1;
  const inner = parse();
  parser.depth -= 1;
  return inner;
}

function countOperator(parser: Parser, token: Token): void {
  parser.operators += 1;
  if (parser.operators <= MAXIMUM_OPERATORS) return;
  fail(
    parser,
    token.start,
    `the query has more than ${MAXIMUM_OPERATORS} arithmetic operators`,
    'split it into several rules',
  );
}

function constantOf(token: Token): Node | undefined {
  const { start, end } = token;
  switch (token.kind) {
    case 'string':
      return { kind: 'string', text: token.text, start, end };
    case 'number':
      return { kind: 'number', value: token.value, integer: token.integer, start, end };
    case 'keyword':
      if (token.keyword === 'null') return { kind: 'null', start, end };
      if (token.keyword !== 'true' && token.keyword !== 'false') return undefined;
      return { kind: 'boolean', value: token.keyword === 'true', start, end };
    default:
      return undefined;
  }
}

function comparisonOf(token: Token): CompareOperator | undefined {
  return token.kind === 'symbol' && COMPARISONS.has(token.symbol) ? (token.symbol as CompareOperator) : undefined;
}

function matchOf(token: Token): MatchOperator | undefined {
  if (isSymbol(token, ':')) return ':';
  return token.kind === 'keyword' && MATCHES.has(token.keyword) ? (token.keyword as MatchOperator) : undefined;
}

function clipName(name: string): string {
  return name.slice(0, 60);
}
