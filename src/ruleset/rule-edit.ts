import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { RuleEdit } from './rule-entry.ts';

/** What the memory of a rule may depend on, in words of the resource. Which of them it does, its `memoryKey` tells. */
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

/** What became of a rule's memory when one version took the place of another. */
export function ruleEdit(before: CompiledRule, after: CompiledRule): RuleEdit {
  if (before.memoryKey === after.memoryKey) return { keepsMemory: true, changed: [] };
  const old = IDENTITY(before);
  const changed = Object.entries(IDENTITY(after)).flatMap(([name, value]) =>
    JSON.stringify(old[name]) === JSON.stringify(value) ? [] : [name],
  );
  return { keepsMemory: false, changed };
}
