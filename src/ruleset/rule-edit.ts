import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { RuleEdit } from './rule-entry.ts';

/** Settings that a rule's memory may depend on, by their names in the resource. `memoryKey` has those that matter. */
const IDENTITY = ({ document, sequence, pipeline }: CompiledRule): Readonly<Record<string, unknown>> => ({
  type: document.type,
  'newTerms.fields': document.newTerms?.fields,
  'newTerms.normalize': document.newTerms?.normalize,
  'newTerms.window': document.newTerms?.windowMicros,
  'threshold.field': document.threshold?.fields,
  'threshold.cardinality': document.threshold?.cardinality.map(({ field }) => field),
  'threshold.window': document.threshold?.windowMicros,
  window: document.windowMicros,
  'suppression.by': sequence === undefined ? undefined : document.suppression?.by,
  query: sequence === undefined && pipeline === undefined ? undefined : document.query,
});

/** What happens to a rule's memory when one version replaces another. */
export function ruleEdit(before: CompiledRule, after: CompiledRule): RuleEdit {
  if (before.memoryKey === after.memoryKey) return { keepsMemory: true, changed: [] };
  const old = IDENTITY(before);
  const changed = Object.entries(IDENTITY(after)).flatMap(([name, value]) =>
    JSON.stringify(old[name]) === JSON.stringify(value) ? [] : [name],
  );
  return { keepsMemory: false, changed };
}
