import type { RuleDocument } from '../rules/document.ts';
import { toDetectionRule } from '../rules/to-detection-rule.ts';
import type { RuleResource } from '../ruleset/rule-resource.ts';
import { FIELD_MANAGER, isApplied, isTouched, managedFieldsOf, withoutOthers } from './managed-fields.ts';

/** The steps that install the pack in the cluster. */
export interface PackPlan {
  /** By name: what to apply, without fields that somebody else has set. */
  readonly apply: ReadonlyMap<string, object>;
  /** Rules that left the pack and that nobody else has changed. */
  readonly remove: readonly RuleResource[];
  /** Rules that left the pack and stay, because somebody else has changed them. */
  readonly left: readonly string[];
  /** Names in the pack under which somebody else has created a rule, which is not touched. */
  readonly taken: readonly string[];
}

/**
 * Kubernetes' label for the tool that manages an object:
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
 */
const LABELS = { 'app.kubernetes.io/managed-by': FIELD_MANAGER, 'app.kubernetes.io/part-of': 'firstseen' };

/**
 * @param pack the rules that should exist
 * @param resources all DetectionRules
 * @param isWhole false if parts of the pack could not be read: then no rule counts as removed from it
 */
export function planPack(
  pack: readonly RuleDocument[],
  resources: readonly RuleResource[],
  isWhole: boolean,
): PackPlan {
  const existing = new Map(resources.map((resource) => [resource.name, resource]));
  const apply = new Map<string, object>();
  const taken: string[] = [];
  for (const document of pack) {
    const { metadata, ...rule } = toDetectionRule(document);
    const wanted = { ...rule, metadata: { ...metadata, labels: LABELS } };
    const there = existing.get(document.name);
    const fields = managedFieldsOf(there?.value);
    if (there === undefined) apply.set(document.name, wanted);
    else if (isApplied(fields)) apply.set(document.name, onlyTo(there, withoutOthers(wanted, fields), document.name));
    else taken.push(document.name);
  }
  const names = new Set(pack.map(({ name }) => name));
  const gone = !isWhole
    ? []
    : resources.filter(({ name, value }) => !names.has(name) && isApplied(managedFieldsOf(value)));
  const isOthers = ({ value }: RuleResource) => isTouched(managedFieldsOf(value));
  return {
    apply,
    remove: gone.filter((rule) => !isOthers(rule)),
    left: gone.filter(isOthers).map(({ name }) => name),
    taken,
  };
}

/** With the uid, the API server does not recreate parts of a rule that was just deleted. */
function onlyTo({ uid }: RuleResource, object: object, name: string): object {
  const metadata = 'metadata' in object && typeof object.metadata === 'object' ? object.metadata : {};
  return { ...object, metadata: { ...metadata, name, uid } };
}
