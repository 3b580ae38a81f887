import { importSigma, type SigmaImport } from '../rules/import/sigma/import-sigma.ts';
import { type SigmaValues, sigmaPath } from '../rules/import/sigma/sigma-document.ts';
import { toRuleName } from '../rules/rule-name.ts';
import type { FileProblem } from './file-problem.ts';
import { type LoadedRules, loadedRule, type RuleSource, sourceProblem } from './loaded-rule.ts';

/** A Sigma document in its file, not yet imported: correlations refer to documents of other files. */
export interface SigmaSource extends RuleSource {
  readonly value: SigmaValues;
  /** The name of the file without its extension. */
  readonly fileStem: string;
}

/** The most problems listed for one document. */
const MAX_PROBLEMS = 20;

/** The rules of the Sigma documents of one load, for each document. Never throws. */
export function readSigmaRules(sources: readonly SigmaSource[]): ReadonlyMap<SigmaSource, LoadedRules> {
  const results = importSigma(sources);
  return new Map(
    sources.map((source, index) => {
      const result = results[index];
      return [source, result === undefined ? { rules: [], problems: [] } : loaded(source, result)];
    }),
  );
}

function loaded(source: SigmaSource, result: SigmaImport): LoadedRules {
  switch (result.kind) {
    case 'document': {
      const { document, notes, differences, neverMatches } = result;
      return {
        rules: [loadedRule(resourceSource(source), document, notes, { differences, neverMatches })],
        problems: [],
      };
    }
    case 'part':
      return { rules: [], problems: [] };
    case 'invalid': {
      const rule = nameOf(result.title);
      const problems = result.problems.slice(0, MAX_PROBLEMS).map((problem) => sourceProblem(source, problem, rule));
      const more = result.problems[MAX_PROBLEMS];
      if (more !== undefined) {
        const message = 'there are more problems from here on';
        problems.push(sourceProblem(source, { path: more.path, message }, rule));
      }
      return { rules: [], problems };
    }
    case 'unsupported': {
      const { reasons, title } = result;
      const [first] = reasons;
      if (first === undefined) return { rules: [], problems: [] };
      const message = reasons.map((reason) => reason.message).join('; ');
      const problem: FileProblem = sourceProblem(source, { ...first, message }, nameOf(title));
      return { rules: [], problems: [{ ...problem, unsupported: reasons }] };
    }
  }
}

/** The same source, with paths of the converted resource. */
function resourceSource(source: SigmaSource): RuleSource {
  const { file, lines, places, value } = source;
  return {
    file,
    lines,
    places: {
      at: (path, on) => places.at(sigmaPath(value, path), on),
      within: (path, place) => places.within(sigmaPath(value, path), place),
    },
  };
}

function nameOf(title: string | undefined): string | undefined {
  return title === undefined ? undefined : toRuleName(title);
}
