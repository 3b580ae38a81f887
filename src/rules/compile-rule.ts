import type { Field } from '../ecs/field.ts';
import { resolveField } from '../ecs/fields.ts';
import { compilePredicate } from '../query/match/compile-predicate.ts';
import type { FieldSlots } from '../query/match/slots.ts';
import { nearest } from '../query/nearest.ts';
import { type ParsedQuery, parseQuery } from '../query/parse-query.ts';
import type { Predicate } from '../query/predicate/predicate.ts';
import { type Canonicalise, canonicalForm } from './canonical-form.ts';
import { compileException } from './compile-exception.ts';
import { compilePipeline, passesPipeline } from './compile-pipeline.ts';
import { compileSequence, sequencePredicate, sequenceShape } from './compile-sequence.ts';
import type { CompiledPipeline, CompiledRule, CompiledSequence, RuleKind, SlottedField } from './compiled-rule.ts';
import type { QueryLanguage, RuleDocument } from './document.ts';
import { findField, QUERY_FIELDS } from './find-field.ts';
import type { Hashes } from './hashes.ts';
import { RULE_KINDS } from './kinds/registry.ts';
import { sequenceKind } from './kinds/sequence.ts';
import { statsKind } from './kinds/stats.ts';
import { DEFAULT_SPAN } from './limits.ts';
import { compileOverrides } from './overrides.ts';
import { compileReason } from './reason-template.ts';
import { queryProblem, type RuleProblem } from './rule-problem.ts';
import { groupProblems, queryFitProblems } from './window-problems.ts';

export type CompileResult =
  | { readonly kind: 'ok'; readonly rule: CompiledRule }
  | { readonly kind: 'invalid'; readonly problems: readonly RuleProblem[] };

/**
 * Compiles a rule: its query, its exceptions and the fields that it names. Reports all problems at once. Rules that run
 * together share `slots`, so each field of an event is read once for all of them.
 */
export function compileRule(document: RuleDocument, slots: FieldSlots, hashes: Hashes): CompileResult {
  const problems: RuleProblem[] = [];

  const parse = (language: QueryLanguage, source: string, path: RuleProblem['path']): ParsedQuery => {
    const result = parseQuery(language, source, QUERY_FIELDS);
    if (result.kind === 'invalid') {
      problems.push(...result.problems.map((problem) => queryProblem(path, source, problem)));
    }
    return result;
  };
  const known = (name: string, path: RuleProblem['path']): Field[] => [findField(name, path, problems) ?? []].flat();
  const field = (name: string, path: RuleProblem['path']): SlottedField[] =>
    known(name, path).map((found) => ({ name, slot: slots.slotOf(found) }));
  const normalForm = (name: string, form: string, fields: readonly string[]): [string, Canonicalise][] => {
    const path = ['newTerms', 'normalize', name];
    if (!fields.includes(name)) {
      const near = nearest(name, fields) ?? fields.join(' or ');
      problems.push({ path, message: `${name} is not in newTerms.fields`, hint: `write ${near}, or remove it` });
      return [];
    }
    const found = resolveField(name);
    if (found === undefined) return [];
    const known = canonicalForm(form, found);
    if (known.kind === 'ok') return [[name, known.canonicalise]];
    problems.push({ path, message: known.message, hint: known.hint });
    return [];
  };

  const query = parse(document.language, document.query, ['query']);
  const predicate = predicateOf(query);
  const selects = compilePredicate(predicate, slots);
  const exceptions = document.exceptions.flatMap((exception, index) => {
    const compiled = compileException(exception, slots, ['exceptions', index]);
    if (compiled.kind === 'ok') return [compiled.exception];
    problems.push(...compiled.problems);
    return [];
  });
  const { newTerms, threshold, suppression } = document;
  const forms = new Map(
    Object.entries(newTerms?.normalize ?? {}).flatMap(([name, form]) => normalForm(name, form, newTerms?.fields ?? [])),
  );
  const termFields = [
    ...(newTerms?.fields ?? []).flatMap((name, i) => {
      const canonicalise = forms.get(name);
      return field(name, ['newTerms', 'fields', i]).map((found) => ({
        ...found,
        ...(canonicalise && { canonicalise }),
      }));
    }),
    ...(threshold?.fields ?? []).flatMap((name, i) => field(name, ['threshold', 'field', i])),
  ];
  const counted = (threshold?.cardinality ?? []).flatMap(({ field: name }, i) =>
    field(name, ['threshold', 'cardinality', i, 'field']),
  );
  const pipeline = query.kind === 'pipeline' ? compilePipeline(query.query, hashes) : undefined;
  const groupColumns = pipeline?.kind === 'groups' ? pipeline.columns : [];
  /** A column of the group needs no field: its value comes from the group. */
  const fieldOrColumn: typeof field = (name, path) =>
    groupColumns.includes(name) && resolveField(name) === undefined ? [{ name, slot: -1 }] : field(name, path);
  const suppressBy = (suppression?.by ?? []).flatMap((name, i) => fieldOrColumn(name, ['suppression', 'by', i]));
  const overrides = compileOverrides(document, fieldOrColumn);
  const says =
    document.reason === undefined
      ? undefined
      : compileReason(
          document.reason,
          (name) => known(name, ['reason']),
          (problem) => problems.push({ path: ['reason'], ...problem }),
        );
  problems.push(...queryFitProblems(document, query), ...groupProblems(document, query));
  if (problems.length > 0) return { kind: 'invalid', problems };

  const sequence =
    query.kind === 'sequence'
      ? compileSequence(query.sequence, document.windowMicros ?? DEFAULT_SPAN, slots)
      : undefined;

  const rule: CompiledRule = {
    document,
    kind: kindOf(document, sequence, pipeline),
    predicate,
    matches(event, memo, cluster, onExcepted) {
      if (!selects(memo)) return false;
      for (const { document: exception, holds } of exceptions) {
        if (!holds(event, memo, cluster)) continue;
        onExcepted?.(exception, event);
        return false;
      }
      return pipeline === undefined || passesPipeline(pipeline, event, memo);
    },
    termFields,
    rowFields: sequence === undefined ? counted : suppressBy,
    ...(sequence === undefined ? {} : { sequence }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(says === undefined ? {} : { says }),
    suppressBy: suppressBy.length === 0 ? undefined : suppressBy,
    // Elastic reads overrides from the event of an alert; a sequence has several events.
    overrides: sequence === undefined ? overrides : undefined,
    memoryKey: hashes.key(memoryIdentity(document, sequence, pipeline)),
    overflowKey: hashes.key(JSON.stringify(['overflow', document.name])),
  };
  return { kind: 'ok', rule };
}

/** Matches no event. Replaces an invalid query, so the rest of the rule is checked too. */
const NOTHING: Predicate = { kind: 'constant', value: false };

function predicateOf(query: ParsedQuery): Predicate {
  switch (query.kind) {
    case 'event':
      return query.predicate;
    case 'sequence':
      return sequencePredicate(query.sequence);
    case 'pipeline':
      return query.query.condition;
    case 'invalid':
      return NOTHING;
  }
}

/** The kind of the rule's type, unless the query decides. */
function kindOf(
  { type }: RuleDocument,
  sequence: CompiledSequence | undefined,
  pipeline: CompiledPipeline | undefined,
): RuleKind {
  if (sequence !== undefined) return sequenceKind;
  return pipeline?.kind === 'groups' ? statsKind : RULE_KINDS[type];
}

/** What a rule's memory depends on: changing any of these starts it anew. */
function memoryIdentity(
  { name, type, newTerms, threshold, suppression, windowMicros }: RuleDocument,
  sequence: CompiledSequence | undefined,
  pipeline: CompiledPipeline | undefined,
): string {
  if (threshold !== undefined) {
    const counted = threshold.cardinality.map(({ field }) => field);
    return JSON.stringify([name, type, threshold.fields, threshold.windowMicros, counted]);
  }
  if (sequence !== undefined) return JSON.stringify([name, type, sequenceShape(sequence), suppression?.by ?? []]);
  if (pipeline?.kind === 'groups') return JSON.stringify([name, type, windowMicros ?? DEFAULT_SPAN, pipeline.shape]);
  const { fields = [], windowMicros: window = 0, normalize } = newTerms ?? {};
  const forms = normalize === undefined ? [] : [fields.map((field) => normalize[field]?.replaceAll(' ', '') ?? '')];
  return JSON.stringify([name, type, fields, window, ...forms]);
}
