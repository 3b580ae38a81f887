import { createDetector, type Detector } from '../../src/detect/detector.ts';
import { sha256Hashes } from '../../src/ingest/hashes.ts';
import { compilePredicate } from '../../src/query/match/compile-predicate.ts';
import { createFieldSlots } from '../../src/query/match/slots.ts';
import type { Predicate } from '../../src/query/predicate/predicate.ts';
import { compileRule } from '../../src/rules/compile-rule.ts';
import type { CompiledRule } from '../../src/rules/compiled-rule.ts';
import type { NewTermsDocument, RuleDocument } from '../../src/rules/document.ts';
import { DAY } from '../../src/rules/limits.ts';
import { expectKind, expectPresent } from './expect.ts';

/** A query rule for anonymous requests; with `newTerms` a new_terms rule, over user agents and 7 days unless it says otherwise. */
export function ruleDocument({
  newTerms,
  ...changes
}: Partial<Omit<RuleDocument, 'newTerms'>> & { readonly newTerms?: Partial<NewTermsDocument> } = {}): RuleDocument {
  return {
    name: 'anonymous',
    title: 'Anonymous request',
    description: 'A request without a name.',
    enabled: true,
    type: newTerms === undefined ? 'query' : 'new_terms',
    language: 'kuery',
    query: 'user.name: "system:anonymous"',
    ...(newTerms === undefined
      ? {}
      : { newTerms: { fields: ['user_agent.original'], windowMicros: 7 * DAY, learningMicros: 0, ...newTerms } }),
    sequenceOrder: 'time',
    severity: 'medium',
    riskScore: 47,
    severityMapping: [],
    riskScoreMapping: [],
    buildingBlock: false,
    budget: { alertsPerHour: 20 },
    exceptions: [],
    threat: [],
    references: [],
    falsePositives: [],
    triage: '',
    tags: [],
    tests: [],
    ...changes,
  };
}

/** The rules compiled together; fails on any problem. */
export function compiledRules(documents: readonly RuleDocument[]) {
  const slots = createFieldSlots();
  const rules = documents.map((document): CompiledRule => {
    const result = compileRule(document, slots, sha256Hashes);
    expectKind(result, 'ok');
    return result.rule;
  });
  return { rules, slots };
}

/** Query rules, each for a query; `rewrite` puts another condition in the place of a query's. */
export function rulesOf(queries: readonly string[], rewrite: (predicate: Predicate, index: number) => Predicate) {
  const documents = queries.map((query, index) => ruleDocument({ name: `rule-${index}`, query }));
  const { rules, slots } = compiledRules(documents);
  return {
    slots,
    rules: rules.map((rule, index): CompiledRule => {
      const predicate = rewrite(rule.predicate, index);
      const selects = compilePredicate(predicate, slots);
      return { ...rule, predicate, matches: (_, memo) => selects(memo) };
    }),
  };
}

export function compiledRule(document: RuleDocument) {
  const { rules, slots } = compiledRules([document]);
  const [rule] = rules;
  expectPresent(rule);
  return { rule, slots };
}

export function detectorOf(...documents: readonly RuleDocument[]): Detector {
  const { rules, slots } = compiledRules(documents);
  return createDetector(rules, slots, sha256Hashes);
}
