import type { LoadedRules } from '../rulefiles/loaded-rule.ts';
import type { PackOption } from './options.ts';

/** The selected rules of the pack, and all problems with the pack. */
export function selectPack({ rules, problems }: LoadedRules, wanted: PackOption): LoadedRules {
  if (wanted === 'none') return { rules: [], problems: [] };
  if (wanted === 'all') return { rules, problems };
  return { rules: rules.filter(({ document }) => document.tags.some((tag) => wanted.tags.includes(tag))), problems };
}

/** Merges rules in files and the pack. If two have one name, the configured file wins. */
export function withPack(files: LoadedRules, pack: LoadedRules): LoadedRules {
  const names = new Set(files.rules.map(({ document }) => document.name));
  return {
    rules: [...files.rules, ...pack.rules.filter(({ document }) => !names.has(document.name))],
    problems: [...files.problems, ...pack.problems],
  };
}
