import { nearest } from '../../../query/nearest.ts';
import { problemAt } from '../../../query/problem.ts';
import { type DocumentPath, quoteName } from '../../document-problem.ts';
import { type Findings, refuse } from './findings.ts';
import { joined, negated, type Search } from './search.ts';

/** How deep parentheses may nest. */
const MAXIMUM_DEPTH = 100;
const MOST_NAMES_SHOWN = 8;

/** The detections of a rule by name, with the number of tests in each. */
export interface Detections {
  readonly searches: ReadonlyMap<string, { readonly search: Search; readonly tests: number }>;
  /** Collects the names that conditions mention. */
  readonly used: Set<string>;
  /** The number of tests in the conditions so far. */
  tests: number;
  /** The limit on tests. */
  readonly mostTests: number;
}

interface Token {
  readonly text: string;
  readonly start: number;
}

interface ConditionParser {
  readonly source: string;
  readonly tokens: readonly Token[];
  readonly detections: Detections;
  readonly findings: Findings;
  readonly path: DocumentPath;
  index: number;
  depth: number;
  failed: boolean;
}

const NOTHING: Search = { kind: 'or', operands: [] };

/**
 * Reads a condition of a Sigma rule.
 *
 *   or       = and { "or" and }
 *   and      = not { "and" not }
 *   not      = { "not" } ( "(" or ")" | selector | name )
 *   selector = ( "1" | "any" | "all" ) "of" ( "them" | pattern )
 *
 * `them` and patterns leave out the names that begin with an underscore. Keywords may be in any letter case. Reading
 * stops at the first mistake, which has its place in the text. Linear in the length of the condition.
 * @see https://sigmahq.io specification v2, "Condition"; pySigma takes `any of` for `1 of`
 */
export function parseCondition(
  source: string,
  detections: Detections,
  findings: Findings,
  path: DocumentPath,
): Search | undefined {
  const tokens = [...source.matchAll(/[()|]|[^\s()|]+/g)].map(({ 0: text, index }) => ({ text, start: index }));
  const parser: ConditionParser = {
    source,
    tokens,
    detections,
    findings,
    path,
    index: 0,
    depth: 0,
    failed: false,
  };
  const search = parseOr(parser);
  const extra = peek(parser);
  if (extra !== undefined && !parser.failed) failAfter(parser, extra);
  return parser.failed ? undefined : search;
}

function parseOr(parser: ConditionParser): Search {
  return junction(parser, 'or', () => junction(parser, 'and', () => parseNot(parser)));
}

function junction(parser: ConditionParser, kind: 'and' | 'or', operand: () => Search): Search {
  const operands = [operand()];
  while (isKeyword(peek(parser), kind)) {
    parser.index += 1;
    operands.push(operand());
  }
  return parser.failed ? NOTHING : joined(kind, operands);
}

function parseNot(parser: ConditionParser): Search {
  let isNegated = false;
  while (isKeyword(peek(parser), 'not')) {
    parser.index += 1;
    isNegated = !isNegated;
  }
  const operand = parsePrimary(parser);
  return isNegated ? negated(operand) : operand;
}

function parsePrimary(parser: ConditionParser): Search {
  const token = peek(parser);
  if (token === undefined || ')|'.includes(token.text) || isAnyKeyword(token)) return failMissing(parser, token);
  parser.index += 1;
  if (token.text === '(') return parseGroup(parser, token);
  if (isKeyword(peek(parser), 'of')) return parseSelector(parser, token);
  return mention(parser, token, [token.text]);
}

function parseGroup(parser: ConditionParser, open: Token): Search {
  parser.depth += 1;
  if (parser.depth > MAXIMUM_DEPTH)
    return fail(parser, open.start, `parentheses nest more than ${MAXIMUM_DEPTH} deep here`);
  const inside = parseOr(parser);
  parser.depth -= 1;
  if (parser.failed) return NOTHING;
  const close = peek(parser);
  if (close?.text !== ')') {
    if (close !== undefined) return failAfter(parser, close);
    return fail(parser, open.start, 'this `(` is never closed', 'add the closing `)`');
  }
  parser.index += 1;
  return inside;
}

function parseSelector(parser: ConditionParser, quantifier: Token): Search {
  const kind = /^(?:1|any)$/i.test(quantifier.text) ? 'or' : /^all$/i.test(quantifier.text) ? 'and' : undefined;
  const shown = quoteName(quantifier.text);
  if (kind === undefined && /^\d+$/.test(quantifier.text)) {
    const within = problemAt(parser.source, quantifier.start, '');
    refuse(parser.findings, 'condition', parser.path, `\`${shown} of\` is not supported; use \`1 of\` or \`all of\``, {
      within,
      hint: 'write the combinations with and, or',
    });
    return stop(parser);
  }
  if (kind === undefined)
    return fail(parser, quantifier.start, `expected \`1 of\` or \`all of\`, found \`${shown} of\``);
  const of = parser.tokens[parser.index];
  parser.index += 1;
  const pattern = peek(parser);
  if (pattern === undefined || '()|'.includes(pattern.text)) {
    return fail(parser, of?.start ?? quantifier.start, '`of` has no operand to its right', 'write them, or selection*');
  }
  parser.index += 1;
  const names = namesOf(parser, pattern.text);
  if (names.length > 0) return mention(parser, pattern, names, kind);
  const message = `no detection matches ${quoteName(pattern.text)}`;
  return fail(parser, pattern.start, message, hintForName(parser, pattern.text.replaceAll('*', '')));
}

/** The detections that match a pattern. */
function namesOf({ detections }: ConditionParser, pattern: string): readonly string[] {
  const names = [...detections.searches.keys()].filter((name) => !name.startsWith('_'));
  if (/^them$/i.test(pattern)) return names;
  const parts = pattern.split('*');
  return names.filter((name) => matchesParts(parts, name));
}

/** Matches the whole name; an asterisk matches any text. */
function matchesParts(parts: readonly string[], name: string): boolean {
  const [first = ''] = parts;
  if (parts.length === 1) return name === first;
  const last = parts.at(-1) ?? '';
  let at = first.length;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function mention(parser: ConditionParser, token: Token, names: readonly string[], kind: 'and' | 'or' = 'or'): Search {
  const searches: Search[] = [];
  for (const name of names) {
    const detection = parser.detections.searches.get(name);
    if (detection === undefined) {
      return fail(parser, token.start, `unknown detection ${quoteName(name)}`, hintForName(parser, name));
    }
    parser.detections.used.add(name);
    parser.detections.tests += detection.tests;
    searches.push(detection.search);
  }
  const { tests, mostTests } = parser.detections;
  if (tests > mostTests) {
    const message = `the condition has more than ${mostTests} tests up to here`;
    return fail(parser, token.start, message, 'split it into several rules');
  }
  return joined(kind, searches);
}

function hintForName({ detections }: ConditionParser, name: string): string {
  const names = [...detections.searches.keys()];
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean ${quoteName(near)}?`;
  const shown = names.slice(0, MOST_NAMES_SHOWN).map(quoteName).join(', ');
  return names.length === 0 ? 'the rule has no detections' : `the rule has ${shown}`;
}

function failMissing(parser: ConditionParser, token: Token | undefined): Search {
  const before = parser.tokens[parser.index - 1];
  if (token?.text === '|') return failAfter(parser, token);
  if (before === undefined && token === undefined) {
    return fail(parser, 0, 'expected a condition, found nothing', 'write the name of a detection');
  }
  if (before !== undefined && before.text !== '(') {
    return fail(
      parser,
      before.start,
      `\`${before.text}\` has no operand to its right`,
      'write the name of a detection',
    );
  }
  if (token !== undefined && isAnyKeyword(token)) {
    return fail(parser, token.start, `\`${token.text}\` has no operand to its left`, 'write the name of a detection');
  }
  const start = token?.start ?? before?.start ?? 0;
  if (before?.text === '(' && token === undefined)
    return fail(parser, start, 'this `(` is never closed', 'add the closing `)`');
  return fail(parser, start, 'expected the name of a detection', 'see the names under detection');
}

/** Reports a token that cannot follow a complete condition. */
function failAfter(parser: ConditionParser, token: Token): Search {
  if (token.text === '|') {
    const within = problemAt(parser.source, token.start, '');
    refuse(parser.findings, 'condition', parser.path, 'a `|` with an aggregation is no longer part of Sigma', {
      within,
      hint: 'write a correlation, such as event_count',
    });
    return stop(parser);
  }
  if (token.text === ')') return fail(parser, token.start, 'nothing opens this `)`', 'remove it');
  const message = `expected \`and\` or \`or\` before \`${quoteName(token.text)}\``;
  return fail(parser, token.start, message, 'join detections with and, or');
}

function fail(parser: ConditionParser, offset: number, message: string, hint?: string): Search {
  if (parser.failed) return NOTHING;
  const { line, column } = problemAt(parser.source, offset, message);
  parser.findings.problems.push({
    path: parser.path,
    message,
    within: { line, column },
    ...(hint !== undefined && { hint }),
  });
  return stop(parser);
}

function stop(parser: ConditionParser): Search {
  parser.failed = true;
  parser.index = parser.tokens.length;
  return NOTHING;
}

function peek({ tokens, index }: ConditionParser): Token | undefined {
  return tokens[index];
}

function isKeyword(token: Token | undefined, keyword: string): boolean {
  return token?.text.toLowerCase() === keyword;
}

function isAnyKeyword(token: Token): boolean {
  return /^(?:and|or)$/i.test(token.text);
}
