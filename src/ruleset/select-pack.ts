import type { LoadedRules } from '../rulefiles/loaded-rule.ts';
import type { PackOption } from './options.ts';

/** The rules of the pack that are wanted, with every problem there was. */
export function selectPack({ rules, problems }: LoadedRules, wanted: PackOption): LoadedRules {
  if (wanted === 'none') return { rules: [], problems: [] };
  if (wanted === 'all') return { rules, problems };
  return { rules: rules.filter(({ document }) => document.tags.some((tag) => wanted.tags.includes(tag))), problems };
}

/** Rules of files and of the pack together: of two with one name that of the files counts, which somebody has named. */
export function withPack(files: LoadedRules, pack: LoadedRules): LoadedRules {
  const names = new Set(files.rules.map(({ document }) => document.name));
  return {
    rules: [...files.rules, ...pack.rules.filter(({ document }) => !names.has(document.name))],
    problems: [...files.problems, ...pack.problems],
  };
}
