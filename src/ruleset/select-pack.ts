import type { LoadedRules } from '../rulefiles/loaded-rule.ts';
import type { PackOption } from './options.ts';

/** The rules of the pack that are wanted, with every problem there was. */
export function selectPack({ rules, problems }: LoadedRules, wanted: PackOption): LoadedRules {
  if (wanted === 'none') return { rules: [], problems: [] };
  if (wanted === 'all') return { rules, problems };
  return { rules: rules.filter(({ document }) => document.tags.some((tag) => wanted.tags.includes(tag))), problems };
}
