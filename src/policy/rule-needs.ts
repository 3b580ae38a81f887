import { CARRIED_OUT, readsRequestBody } from '../ecs/derived-fields.ts';
import type { Field } from '../ecs/field.ts';
import { resolveField } from '../ecs/fields.ts';
import { isNamespaceLabel } from '../ecs/namespace-labels.ts';
import { compileTest } from '../query/match/compile-test.ts';
import { parseQuery } from '../query/parse-query.ts';
import { fieldsOf } from '../query/predicate/fields-of.ts';
import type { Predicate, Test } from '../query/predicate/predicate.ts';
import { simplify } from '../query/predicate/simplify.ts';
import { foldAscii } from '../query/values/fold-ascii.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import { QUERY_FIELDS } from '../rules/find-field.ts';
import { type Level, STAGES } from './audit-policy.ts';
import { type Attribute, allOf, bothNeeds, EVERYTHING, merged, type Need, RECORDED } from './need.ts';
import { noneOf, oneOf, type Values } from './values.ts';

const AUDIT = 'kubernetes.audit.';

/** The fields that equal an attribute of the request. */
const ATTRIBUTE_OF: ReadonlyMap<string, Attribute> = new Map([
  [`${AUDIT}verb`, 'verb'],
  ['event.action', 'verb'],
  [`${AUDIT}user.username`, 'user'],
  ['user.name', 'user'],
  [`${AUDIT}objectRef.apiGroup`, 'group'],
  [`${AUDIT}objectRef.resource`, 'resource'],
  ['orchestrator.resource.type', 'resource'],
  [`${AUDIT}objectRef.subresource`, 'subresource'],
  [`${AUDIT}objectRef.namespace`, 'namespace'],
  ['orchestrator.namespace', 'namespace'],
  [`${AUDIT}objectRef.name`, 'name'],
  ['orchestrator.resource.name', 'name'],
]);

/**
 * Attributes without capitals: the API server writes verbs like this, and names of resources, groups and namespaces
 * must be lower-case (RFC 1123 labels). A request with another spelling targets nothing that exists, and is not worth
 * recording.
 */
const LOWER_CASE: ReadonlySet<Attribute> = new Set(['verb', 'group', 'resource', 'subresource', 'namespace']);

/** Fields that only the authorizer sets. */
const DECISIONS: ReadonlySet<string> = new Set([
  'event.outcome',
  ...['decision', 'reason'].flatMap((what) => [
    `${AUDIT}annotations.authorization_k8s_io/${what}`,
    `${AUDIT}annotations.authorization.k8s.io/${what}`,
  ]),
]);

/** The status of a failed authentication, which is answered before authorization; every other code comes later. */
const UNAUTHENTICATED = 401;

/**
 * The ways in which a rule can match, and what must be recorded for it to see everything that it reads: its query, the
 * fields of its term, group or joins, counted fields, fields that a pipeline computes with, and fields that only its
 * exceptions and suppression read. Empty if no request can match.
 *
 * Two facts about the API server are used. An event without a user belongs to a failed authentication and has no
 * decision. At the stage RequestReceived nothing has been decided yet.
 */
export function ruleNeeds({
  document,
  predicate,
  termFields,
  rowFields,
  sequence,
  pipeline,
}: CompiledRule): readonly Need[] {
  const terms = termFields.flatMap(({ name }) => resolveField(name) ?? []);
  const matches: Predicate = {
    kind: 'and',
    operands: [predicate, ...terms.map((field): Predicate => ({ kind: 'exists', field }))],
  };
  const joins = (sequence?.items ?? []).flatMap(({ by }) => namesOf(by));
  const besides = [
    ...document.exceptions.flatMap(({ language, query, lists = [] }) => {
      const parsed = parseQuery(language, query, QUERY_FIELDS);
      const listed = lists.flatMap(({ field }) => resolveField(field) ?? []);
      return [...(parsed.kind === 'event' ? fieldsOf(parsed.predicate) : []), ...listed];
    }),
    ...[...(document.suppression?.by ?? []), ...namesOf(rowFields), ...joins].flatMap(
      (name) => resolveField(name) ?? [],
    ),
  ];
  const reads = besides.reduce((need, field) => bothNeeds(need, reading(field)) ?? need, EVERYTHING);
  const asked = fieldsOf(predicate);
  const computed = lookingInto((pipeline?.reads ?? []).filter((field) => !asked.includes(field) || isBody(field)));
  return merged(
    allOf(allOf(needsOf(simplify(matches), true), [reads]), [computed]).flatMap((need) => settle(need) ?? []),
  );
}

/** When an expression is true is unknown, only what it reads: it may match any request, at any level. */
function lookingInto(fields: readonly Field[]): Need {
  const need = fields.reduce((sum, field) => bothNeeds(sum, reading(field)) ?? sum, EVERYTHING);
  const level = fields.find(({ name }) => name === `${AUDIT}level`);
  if (level === undefined) return need;
  return { ...need, fullLevels: highest(need.levels), reads: new Set([...need.reads, level.name]) };
}

function isBody(field: Field): boolean {
  return bodyLevels(field) !== undefined;
}

function namesOf(fields: readonly { readonly name: string }[]): readonly string[] {
  return fields.map(({ name }) => name);
}

/** The needs of a condition (`positive`) or of its negation, which moves inwards. */
function needsOf(predicate: Predicate, positive: boolean): readonly Need[] {
  switch (predicate.kind) {
    case 'any':
    case 'exists': {
      const need = leaf(predicate.field, predicate.kind === 'any' ? predicate.test : undefined, positive);
      return need === undefined ? [] : [need];
    }
    case 'holds': {
      return [lookingInto(fieldsOf(predicate))];
    }
    case 'constant':
      return predicate.value === positive ? [EVERYTHING] : [];
    case 'not':
      return needsOf(predicate.operand, !positive);
    case 'and':
    case 'or': {
      const lists = predicate.operands.map((operand) => needsOf(operand, positive));
      const everyOperand = (predicate.kind === 'and') === positive;
      return everyOperand ? lists.reduce(allOf, [EVERYTHING]) : merged(lists.flat());
    }
  }
}

/** What a test of a field (or, without a test, its existence) allows; undefined: nothing. */
function leaf(field: Field, test: Test | undefined, positive: boolean): Need | undefined {
  if (field.neverSet === true) return positive ? undefined : EVERYTHING;
  const need = reading(field, positive);
  const attribute = ATTRIBUTE_OF.get(field.name);
  if (attribute !== undefined) {
    const values = valuesOf(LOWER_CASE.has(attribute) ? withCase(test) : test, positive);
    return values && { ...need, attributes: { ...need.attributes, [attribute]: values } };
  }
  switch (field.name) {
    case `${AUDIT}stage`:
      return { ...need, stages: passing(STAGES, field, test, positive) };
    case `${AUDIT}level`: {
      const levels = passing<Level>(RECORDED, field, test, positive);
      return { ...need, levels, fullLevels: levels };
    }
    case `${AUDIT}user.groups`:
      return isExact(test) ? { ...need, userGroups: loose(String(test.value), positive) } : need;
    case `${AUDIT}requestURI`: {
      const pattern = uriPattern(test);
      // The policy compares the path without the query, so `not requestURI: /version` does not cover every request for
      // /version.
      const isKnown = pattern !== undefined && (positive || pattern.endsWith('*'));
      return isKnown ? { ...need, uri: loose(pattern, positive) } : need;
    }
    case `${AUDIT}responseStatus.code`:
      return { ...need, isDecided: positive && test !== undefined && !compileTest(test, field.type)(UNAUTHENTICATED) };
    case CARRIED_OUT:
      return { ...need, isDecided: positive && test !== undefined && !compileTest(test, field.type)('no') };
    default:
      // Only namespaced objects have labels of a namespace.
      if (positive && isNamespaceLabel(field.name)) {
        return { ...need, attributes: { ...need.attributes, namespace: noneOf('') } };
      }
      return { ...need, isDecided: positive && DECISIONS.has(field.name) };
  }
}

/** What it takes for the field to be set: bodies are recorded at some levels only. */
function reading(field: Field, positive = false): Need {
  const levels = bodyLevels(field);
  if (levels === undefined) return EVERYTHING;
  return {
    ...EVERYTHING,
    levels: positive ? levels : EVERYTHING.levels,
    fullLevels: levels,
    reads: new Set([field.name]),
  };
}

function bodyLevels({ name }: Field): ReadonlySet<Level> | undefined {
  if (name === 'container.image.name' || isBelow(name, `${AUDIT}requestObject`) || readsRequestBody(name))
    return new Set(['Request', 'RequestResponse']);
  return isBelow(name, `${AUDIT}responseObject`) ? new Set(['RequestResponse']) : undefined;
}

function isBelow(name: string, root: string): boolean {
  return name === root || name.startsWith(`${root}.`);
}

/** A caseless test of a lower-case attribute is a test of the value in lower case. */
function withCase(test: Test | undefined): Test | undefined {
  return test?.kind === 'equals' && test.caseless ? { kind: 'equals', value: foldAscii(String(test.value)) } : test;
}

function isExact(test: Test | undefined): test is Extract<Test, { readonly kind: 'equals' }> {
  return test?.kind === 'equals' && test.caseless !== true;
}

/** Only an equality determines the passing values; absent is `""`. */
function valuesOf(test: Test | undefined, positive: boolean): Values | undefined {
  if (test === undefined) return positive ? noneOf('') : oneOf('');
  if (!isExact(test)) return positive ? noneOf('') : noneOf();
  const value = String(test.value);
  if (value === '') return positive ? undefined : noneOf();
  return positive ? oneOf(value) : noneOf(value);
}

function passing<T extends string>(
  domain: readonly T[],
  field: Field,
  test: Test | undefined,
  positive: boolean,
): Set<T> {
  const passes = test === undefined ? () => true : compileTest(test, field.type);
  return new Set(domain.filter((value) => passes(value) === positive));
}

function loose(text: string, positive: boolean) {
  return positive ? { some: new Set([text]), none: new Set<string>() } : { none: new Set([text]) };
}

/**
 * The form of a URI in policy terms: an exact path, or a prefix with `*`. The API server decodes the path and drops the
 * query, so only plain text can be compared.
 */
function uriPattern(test: Test | undefined): string | undefined {
  if (isExact(test)) return isPlainPath(String(test.value)) ? String(test.value) : undefined;
  if (test?.kind !== 'wildcard' || test.caseless || test.parts.length !== 2) return undefined;
  const [before = '', after = ''] = test.parts;
  return after === '' && isPlainPath(before) ? `${before}*` : undefined;
}

function isPlainPath(text: string): boolean {
  return /^\/[\w./~-]*$/.test(text);
}

/** Applies implications to a whole need; undefined if nothing is left. */
function settle(need: Need): Need | undefined {
  const decided = need.isDecided
    ? bothNeeds(need, {
        ...EVERYTHING,
        attributes: { ...EVERYTHING.attributes, user: noneOf('') },
        stages: new Set(['ResponseStarted', 'ResponseComplete', 'Panic']),
      })
    : need;
  if (decided === undefined) return undefined;
  const fullLevels = decided.fullLevels.intersection(decided.levels);
  return { ...decided, fullLevels: fullLevels.size > 0 ? fullLevels : highest(decided.levels) };
}

function highest(levels: ReadonlySet<Level>): ReadonlySet<Level> {
  return new Set([...RECORDED].filter((level) => levels.has(level)).slice(-1));
}
