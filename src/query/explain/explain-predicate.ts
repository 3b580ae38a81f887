import type { Field } from '../../ecs/field.ts';
import type { Predicate, Test } from '../predicate/predicate.ts';
import { simplify } from '../predicate/simplify.ts';
import { formatExpression, operandsOf } from './format-predicate.ts';
import { formatLike, formatMoment, formatValue, formatWord, quoteForEql } from './format-value.ts';

/** Whether a statement is about some value of the field, or about none. */
type Some = 'some' | 'none';

/** A condition in words: one statement, and for a compound the statements below it. */
export interface Clause {
  readonly text: string;
  readonly predicate: Predicate;
  /** The parts of the statement, each as it reads without a `none of` or `not all of` above it. */
  readonly parts: readonly Clause[];
}

/**
 * A condition in words for people: one statement per line; the parts of a compound follow it, indented by two spaces
 * and marked with `-`. Values are quoted so that every character is visible.
 */
export function explainPredicate(predicate: Predicate): readonly string[] {
  return linesOf(clauseOf(predicate));
}

/** The same as a tree. */
export function clauseOf(predicate: Predicate): Clause {
  return ofSimple(simplify(predicate));
}

function linesOf({ text, parts }: Clause): readonly string[] {
  return [
    text,
    ...parts.flatMap((part) => {
      const [first = '', ...more] = linesOf(part);
      return [`- ${first}`, ...more.map((line) => `  ${line}`)];
    }),
  ];
}

function ofSimple(predicate: Predicate): Clause {
  switch (predicate.kind) {
    case 'not':
      return negated(predicate, predicate.operand);
    case 'and':
      return listed('all of these hold:', predicate, predicate);
    case 'or':
      return onOneField(predicate, predicate, 'some') ?? listed('one of these holds:', predicate, predicate);
    default:
      return { text: statement(predicate), predicate, parts: [] };
  }
}

function statement(predicate: Exclude<Predicate, { readonly kind: 'and' | 'or' | 'not' }>): string {
  switch (predicate.kind) {
    case 'any':
      return testsLine(predicate.field, [predicate.test], 'some');
    case 'exists':
      return `${predicate.field.name} has a value`;
    case 'constant':
      return predicate.value ? 'every event' : 'no event';
    case 'holds':
      return `${formatExpression(predicate.expression)} is true`;
  }
}

/** @param whole the negation itself */
function negated(whole: Predicate, predicate: Predicate): Clause {
  const leaf = (text: string): Clause => ({ text, predicate: whole, parts: [] });
  switch (predicate.kind) {
    case 'any':
      return leaf(testsLine(predicate.field, [predicate.test], 'none'));
    case 'exists':
      return leaf(`${predicate.field.name} has no value`);
    case 'constant':
    case 'not':
      return clauseOf(whole);
    case 'holds':
      return leaf(`${formatExpression(predicate.expression)} is false or null`);
    case 'and':
      return listed('not all of these hold:', whole, predicate);
    case 'or':
      return onOneField(whole, predicate, 'none') ?? listed('none of these holds:', whole, predicate);
  }
}

type Junction = Extract<Predicate, { readonly kind: 'and' | 'or' }>;

function listed(text: string, predicate: Predicate, junction: Junction): Clause {
  const parts = operandsOf(junction).map((operand) =>
    operand.kind === 'tests' ? someOf(operand.field, operand.tests) : ofSimple(operand.operand),
  );
  return { text, predicate, parts };
}

function someOf(field: Field, tests: readonly Test[]): Clause {
  const operands = tests.map((test): Predicate => ({ kind: 'any', field, test }));
  return { text: testsLine(field, tests, 'some'), predicate: { kind: 'or', operands }, parts: [] };
}

/** An `or` whose tests are all on one field is one statement. */
function onOneField(predicate: Predicate, junction: Junction, some: Some): Clause | undefined {
  const [only, ...others] = operandsOf(junction);
  return only?.kind === 'tests' && others.length === 0
    ? { text: testsLine(only.field, only.tests, some), predicate, parts: [] }
    : undefined;
}

/** Tests of one field, grouped by verb: `is "a", or begins with one of "b", "c"`. */
function testsLine(field: Field, tests: readonly Test[], some: Some): string {
  const objects = new Map<string, Set<string>>();
  for (const test of tests) {
    const [verb, object] = phrase(test, field);
    objects.set(verb, (objects.get(verb) ?? new Set()).add(object));
  }
  const phrases = [...objects].map(
    ([verb, list]) => `${verb} ${list.size === 1 ? '' : 'one of '}${[...list].join(', ')}`,
  );
  return some === 'some'
    ? `${field.name} ${phrases.join(', or ')}`
    : `no value of ${field.name} ${phrases.join(', or ')}`;
}

/** A verb and its object. */
function phrase(test: Test, field: Field): readonly [verb: string, object: string] {
  switch (test.kind) {
    case 'equals':
      return inAnyCase(test, 'is', valueIn(test.value, field));
    case 'wildcard':
      return inAnyCase(test, ...wildcardPhrase(test.parts));
    case 'like':
      return inAnyCase(test, 'is like', formatLike(test.pieces));
    case 'regex': {
      const verb = test.syntax === 'lucene' ? 'fully matches' : 'contains a match of';
      return inAnyCase(test, `${verb} the regular expression`, quoteForEql(test.source));
    }
    case 'range':
      return [rangePhrase(test.operator, field), valueIn(test.value, field)];
    case 'cidr':
      return ['is in', test.cidr];
  }
}

function wildcardPhrase(parts: readonly string[]): readonly [verb: string, object: string] {
  const [first = '', second = '', third] = parts;
  if (parts.length === 2 && second === '' && first !== '') return ['begins with', quoteForEql(first)];
  if (parts.length === 2 && first === '' && second !== '') return ['ends with', quoteForEql(second)];
  if (parts.length === 3 && first === '' && third === '' && second !== '') return ['contains', quoteForEql(second)];
  return ['is like', parts.map(formatWord).join('*')];
}

function rangePhrase(operator: '<' | '<=' | '>' | '>=', { type }: Field): string {
  const isTime = type === 'date';
  switch (operator) {
    case '<':
      return isTime ? 'is before' : 'is less than';
    case '<=':
      return isTime ? 'is not after' : 'is at most';
    case '>':
      return isTime ? 'is after' : 'is more than';
    case '>=':
      return isTime ? 'is not before' : 'is at least';
  }
}

function valueIn(value: string | number | boolean, field: Field): string {
  if (field.type === 'date' && typeof value === 'number') return formatMoment(value);
  return typeof value === 'string' ? quoteForEql(value) : formatValue(value, field);
}

function inAnyCase(
  { caseless }: { readonly caseless?: true },
  verb: string,
  object: string,
): readonly [verb: string, object: string] {
  return [caseless ? `in any letter case ${verb}` : verb, object];
}
