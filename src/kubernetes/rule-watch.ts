import type { Job } from '../alerts/job.ts';
import { type RuleResource, toRuleResource } from '../ruleset/rule-resource.ts';
import { createResourceMirror } from './resource-watch.ts';

export const RULES_PATH = '/apis/firstseen.dev/v1alpha1/detectionrules';

/** A rule with its tests may take hundreds of kilobytes. */
const PAGE_SIZE = 50;

/** Watches the DetectionRules; every replica does. @param onRules all of them: at first, and after each change */
export function createRuleWatch(
  deps: Omit<Parameters<typeof createResourceMirror>[0], 'handlers'>,
  onRules: (rules: readonly RuleResource[]) => void,
): Job {
  return createResourceMirror<RuleResource | undefined>(
    deps,
    { path: RULES_PATH, of: 'detectionrules', pageSize: PAGE_SIZE, read: toRuleResource },
    (objects) => onRules([...objects.values()].flatMap((resource) => resource ?? [])),
  );
}
