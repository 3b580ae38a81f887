import type { Leaf, Search, SearchField } from './search.ts';
import { plainText, type TextPattern } from './sigma-text.ts';

/** Longer lines are broken. */
const WIDTH = 100;
const INDENT = '  ';
/** @see the grammar of EQL, x-pack/plugin/eql in Elasticsearch: words that need backticks as field names */
const KEYWORDS: ReadonlySet<string> = new Set(
  `and any by false head in join like maxspan not null of or pipe regex runs sample sequence tail true until where
  with`.split(/\s+/),
);

type TextLeaf = Extract<Leaf, { readonly kind: 'text' }>;

/**
 * Caches the text of conditions: each is written on one line and on several, and a rule into all of its correlations.
 */
const flatTexts = new WeakMap<Search, string>();
const testsOfText = new WeakMap<TextLeaf, readonly TextTest[]>();

/** The condition as an EQL event query. */
export function toEventQuery(search: Search): string {
  const flat = flatText(search);
  if (flat.length + 'any where '.length <= WIDTH) return `any where ${flat}`;
  return `any where\n${INDENT}${layout(search, INDENT)}`;
}

export interface SequenceStep {
  readonly search: Search;
  /** Fields that join this step, besides those shared by all steps. */
  readonly by: readonly SearchField[];
}

/** The steps as an EQL sequence. `by` and `maxspan` apply to all of them. */
export function toSequenceQuery(steps: readonly SequenceStep[], by: readonly SearchField[], maxspan: string): string {
  const lines = steps.map((step) => {
    const keys = step.by.length === 0 ? '' : ` by ${fieldList(step.by)}`;
    const flat = `${INDENT}[any where ${flatText(step.search)}]${keys}`;
    if (flat.length <= WIDTH) return flat;
    const inner = INDENT + INDENT;
    return `${INDENT}[any where\n${inner}${layout(step.search, inner)}\n${INDENT}]${keys}`;
  });
  const keys = by.length === 0 ? '' : ` by ${fieldList(by)}`;
  return [`sequence${keys} with maxspan=${maxspan}`, ...lines].join('\n');
}

/** On one line. */
export function flatText(search: Search): string {
  const known = flatTexts.get(search);
  if (known !== undefined) return known;
  const text = writeFlat(search);
  flatTexts.set(search, text);
  return text;
}

function writeFlat(search: Search): string {
  switch (search.kind) {
    case 'and':
    case 'or':
      if (search.operands.length === 0) return search.kind === 'and' ? 'true' : 'false';
      return search.operands.map((operand) => grouped(operand, flatText(operand))).join(` ${search.kind} `);
    case 'not':
      return isJunction(search.operand) ? `not (${flatText(search.operand)})` : negatedLeaf(search.operand);
    default:
      return leafText(search);
  }
}

/** On several lines; the first continues the current line, the others are indented. */
function layout(search: Search, indent: string): string {
  const flat = flatText(search);
  if (indent.length + flat.length <= WIDTH) return flat;
  switch (search.kind) {
    case 'and':
    case 'or':
      return search.operands
        .map((operand) => {
          if (!isJunction(operand)) return layout(operand, indent);
          const inside = flatText(operand);
          if (indent.length + inside.length + 2 <= WIDTH) return `(${inside})`;
          return block('(', operand, indent);
        })
        .join(` ${search.kind}\n${indent}`);
    case 'not':
      if (isJunction(search.operand)) return block('not (', search.operand, indent);
      return search.operand.kind === 'text' ? `not ${layout(search.operand, indent)}` : negatedLeaf(search.operand);
    default:
      return brokenLeaf(search, flat, indent);
  }
}

function block(open: string, search: Search, indent: string): string {
  const inner = indent + INDENT;
  return `${open}\n${inner}${layout(search, inner)}\n${indent})`;
}

/** A long list of values goes on separate lines. */
function brokenLeaf(leaf: Leaf, flat: string, indent: string): string {
  if (leaf.kind === 'regex' && leaf.sources.length > 1) {
    const inner = indent + INDENT;
    const values = [textField(leaf.field), ...leaf.sources.map(rawQuoted)].join(`,\n${inner}`);
    return `matchesRe2(\n${inner}${values}\n${indent})`;
  }
  if (leaf.kind !== 'text') return flat;
  return textTests(leaf)
    .map(({ head, values }) => {
      const isWhole = values.length === 1 || head.endsWith('(');
      if (isWhole || indent.length + head.length + values.join(', ').length + 3 <= WIDTH) return listText(head, values);
      const inner = indent + INDENT;
      return `${head} (\n${inner}${values.join(`,\n${inner}`)}\n${indent})`;
    })
    .join(` or\n${indent}`);
}

function grouped(search: Search, text: string): string {
  return isJunction(search) ? `(${text})` : text;
}

/** True if it needs parentheses inside another junction or after `not`. */
function isJunction(search: Search): boolean {
  return search.kind === 'and' || search.kind === 'or' || (search.kind === 'text' && textTests(search).length > 1);
}

function negatedLeaf(search: Search): string {
  return search.kind === 'exists' ? `${fieldText(search.field)} == null` : `not ${flatText(search)}`;
}

function leafText(leaf: Leaf): string {
  const field = fieldText(leaf.field);
  switch (leaf.kind) {
    case 'exists':
      return `${field} != null`;
    case 'boolean':
      return `${field} == ${leaf.value}`;
    case 'number':
      return leaf.values.length === 1
        ? `${numberField(leaf.field)} == ${leaf.values.join('')}`
        : `${numberField(leaf.field)} in (${leaf.values.join(', ')})`;
    case 'comparison':
      return `${numberField(leaf.field)} ${leaf.operator} ${leaf.value}`;
    case 'cidr':
      return `cidrMatch(${field}, ${leaf.ranges.map(quoted).join(', ')})`;
    case 'regex':
      return `matchesRe2(${textField(leaf.field)}, ${leaf.sources.map(rawQuoted).join(', ')})`;
    case 'text':
      return textTests(leaf)
        .map(({ head, values }) => listText(head, values))
        .join(' or ');
  }
}

/** `head` and one of the values; more than one in parentheses. */
interface TextTest {
  readonly head: string;
  readonly values: readonly string[];
}

function listText(head: string, values: readonly string[]): string {
  if (head.endsWith('(')) return `${head}${values.join(', ')})`;
  const needsList = values.length > 1 || /\bin~?$/.test(head);
  return needsList ? `${head} (${values.join(', ')})` : `${head} ${values.join('')}`;
}

/**
 * EQL cannot escape wildcards, so texts with a literal asterisk or question mark are compared in other ways: as a whole
 * (`in~`), as part of the value (functions), or as a regular expression.
 */
function textTests(leaf: TextLeaf): readonly TextTest[] {
  const known = testsOfText.get(leaf);
  if (known !== undefined) return known;
  const tests = writeTests(leaf);
  testsOfText.set(leaf, tests);
  return tests;
}

function writeTests({ field, patterns, cased }: TextLeaf): readonly TextTest[] {
  const name = textField(field);
  const tests: TextTest[] = [];
  const wild = patterns.filter((pattern) => !hasLiteralWildcard(pattern));
  const isPlain = wild.every((pattern) => plainText(pattern) !== undefined);
  const operator = !cased ? ':' : isPlain ? (wild.length === 1 ? '==' : 'in') : 'like';
  if (wild.length > 0)
    tests.push({ head: `${name} ${operator}`, values: wild.map((pattern) => quoted(wildcardText(pattern))) });
  const literal = patterns.filter(hasLiteralWildcard);
  const whole = literal.flatMap((pattern) => plainText(pattern) ?? []);
  if (whole.length > 0) tests.push({ head: `${name} ${cased ? 'in' : 'in~'}`, values: whole.map(quoted) });
  const tilde = cased ? '' : '~';
  const regexes: string[] = [];
  for (const pattern of literal) {
    if (plainText(pattern) !== undefined) continue;
    const part = partTest(pattern, name, tilde);
    if (part === undefined) regexes.push(rawQuoted(toLucene(pattern)));
    else tests.push(part);
  }
  if (regexes.length > 0) tests.push({ head: `${name} regex${tilde}`, values: regexes });
  return tests;
}

/** A text with wildcards only at its ends is a part of the value. */
function partTest(pattern: TextPattern, name: string, tilde: '' | '~'): TextTest | undefined {
  const [first, second, third] = pattern;
  const call = (functionName: string, text: string): TextTest => ({
    head: `${functionName}${tilde}(`,
    values: [name, quoted(text)],
  });
  if (pattern.length === 2 && typeof first === 'object' && second === 'any') return call('startsWith', first.literal);
  if (pattern.length === 2 && first === 'any' && typeof second === 'object') return call('endsWith', second.literal);
  if (pattern.length === 3 && first === 'any' && typeof second === 'object' && third === 'any')
    return call('stringContains', second.literal);
  return undefined;
}

function hasLiteralWildcard(pattern: TextPattern): boolean {
  return pattern.some((piece) => typeof piece === 'object' && /[*?]/.test(piece.literal));
}

function wildcardText(pattern: TextPattern): string {
  return pattern.map((piece) => (piece === 'any' ? '*' : piece === 'one' ? '?' : piece.literal)).join('');
}

/** A Lucene regular expression for the whole value. */
function toLucene(pattern: TextPattern): string {
  return pattern
    .map((piece) => {
      if (piece === 'any') return '.*';
      return piece === 'one' ? '.' : piece.literal.replace(/[.?+*|{}[\]()"\\#@&<>~^$-]/g, '\\$&');
    })
    .join('');
}

/** Text compares with text: other field types are converted. */
function textField(field: SearchField): string {
  return field.type === 'keyword' ? fieldText(field) : `string(${fieldText(field)})`;
}

function numberField(field: SearchField): string {
  return field.type === 'integer' ? fieldText(field) : `number(string(${fieldText(field)}))`;
}

function fieldList(fields: readonly SearchField[]): string {
  return fields.map(fieldText).join(', ');
}

function fieldText({ name }: SearchField): string {
  const isPlain = name.split('.').every((part) => /^[a-z_@][a-z0-9_]*$/i.test(part) && !KEYWORDS.has(part));
  return isPlain ? name : `\`${name.replaceAll('`', '``')}\``;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function quoted(text: string): string {
  const escaped = text.replace(
    /[\\"\p{Cc}]/gu,
    (character) => ESCAPES[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}}`,
  );
  return `"${escaped}"`;
}

/** Nothing is escaped between three quotation marks; where that is impossible, an ordinary text. */
function rawQuoted(text: string): string {
  return /"""|"$|\p{Cc}/u.test(text) ? quoted(text) : `"""${text}"""`;
}
