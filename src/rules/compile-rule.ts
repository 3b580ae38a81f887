import type { Field } from '../ecs/field.ts';
import { FIELDS, resolveField } from '../ecs/fields.ts';
import { compilePredicate, type Matcher } from '../query/compile.ts';
import { parseKql } from '../query/kql/parse.ts';
import { nearest } from '../query/nearest.ts';
import type { Predicate } from '../query/predicate.ts';
import { formatProblem, type Problem } from '../query/problem.ts';
import type { FieldSlots } from '../query/slots.ts';
import type { CompiledRule, SlottedField } from './compiled-rule.ts';
import type { RuleDocument, ValueListDocument } from './document.ts';
import type { Hashes } from './hashes.ts';
import { RULE_KINDS } from './kinds/registry.ts';
import { compileOverrides } from './overrides.ts';
import { compileValueList } from './value-list.ts';

const FIELD_NAMES = FIELDS.map(({ name }) => name);

function suggestField(name: string): string | undefined {
  return nearest(name, FIELD_NAMES);
}

/** Something wrong with a rule: where in the document, and, for a query, where in its text. */
export interface RuleProblem {
  /** Below `spec`, for example `['exceptions', 0, 'query']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
  readonly inQuery?: { readonly source: string; readonly problem: Problem };
}

export type CompileResult =
  | { readonly kind: 'ok'; readonly rule: CompiledRule }
  | { readonly kind: 'invalid'; readonly problems: readonly RuleProblem[] };

/**
 * Compiles a document: its query, its exceptions and the fields that it names. All problems at once.
 * Rules that are to run together share `slots`, so that each field of an event is read once for all of them.
 */
export function compileRule(document: RuleDocument, slots: FieldSlots, hashes: Hashes): CompileResult {
  const problems: RuleProblem[] = [];

  const parse = (source: string, path: RuleProblem['path']): Predicate => {
    const result = parseKql(source, { resolveField, suggestField });
    if (result.kind === 'ok') return result.predicate;
    problems.push(...result.problems.map((problem) => queryProblem(path, source, problem)));
    return { kind: 'constant', value: false };
  };
  const known = (name: string, path: RuleProblem['path']): Field[] => {
    const found = resolveField(name);
    if (found !== undefined) return [found];
    const suggestion = suggestField(name);
    const hint =
      suggestion === undefined ? 'see the field reference for the fields there are' : `did you mean ${suggestion}?`;
    problems.push({ path, message: `unknown field ${name}`, hint });
    return [];
  };
  const field = (name: string, path: RuleProblem['path']): SlottedField[] =>
    known(name, path).map((found) => ({ name, slot: slots.slotOf(found) }));
  const valueList = (list: ValueListDocument, path: RuleProblem['path']): Matcher[] =>
    known(list.field, [...path, 'field']).flatMap((found) => {
      const compiled = compileValueList(list, found, slots);
      if (compiled.kind === 'ok') return [compiled.matches];
      const { message, hint, index } = compiled;
      problems.push({ path: index === undefined ? path : [...path, 'values', index], message, hint });
      return [];
    });

  const predicate = parse(document.query, ['query']);
  const selects = compilePredicate(predicate, slots);
  const exceptions = document.exceptions.map(({ query, lists = [], expiresAt }, index) => ({
    conditions: [
      compilePredicate(parse(query, ['exceptions', index, 'query']), slots),
      ...lists.flatMap((list, at) => valueList(list, ['exceptions', index, 'lists', at])),
    ],
    until: expiresAt ?? Number.POSITIVE_INFINITY,
  }));
  const termFields = (document.newTerms?.fields ?? []).flatMap((name, i) => field(name, ['newTerms', 'fields', i]));
  const suppressBy = document.suppression?.by.flatMap((name, i) => field(name, ['suppression', 'by', i]));
  const overrides = compileOverrides(document, field);
  if (problems.length > 0) return { kind: 'invalid', problems };

  const rule: CompiledRule = {
    document,
    kind: RULE_KINDS[document.type],
    predicate,
    matches: (event, memo) =>
      selects(memo) &&
      !exceptions.some(({ conditions, until }) => event.at < until && conditions.every((holds) => holds(memo))),
    termFields,
    suppressBy,
    overrides,
    state: hashes.key(stateIdentity(document)),
    overflowKey: hashes.key(JSON.stringify(['overflow', document.name])),
  };
  return { kind: 'ok', rule };
}

/** What a rule's memory depends on: change one of these and it starts anew. */
function stateIdentity({ name, type, newTerms }: RuleDocument): string {
  return JSON.stringify([name, type, newTerms?.fields ?? [], newTerms?.windowMicros ?? 0]);
}

function queryProblem(path: RuleProblem['path'], source: string, problem: Problem): RuleProblem {
  const { message, hint } = problem;
  return { path, message, ...(hint === undefined ? {} : { hint }), inQuery: { source, problem } };
}

/** A problem as text, with the line of the query and a caret where it is in one. */
export function formatRuleProblem({ path, message, hint, inQuery }: RuleProblem): string {
  const at = `spec.${path.join('.')}`;
  if (inQuery !== undefined) return `${at}: ${formatProblem(inQuery.problem, inQuery.source)}`;
  return hint === undefined ? `${at}: ${message}` : `${at}: ${message}\n  hint: ${hint}`;
}
