import type { RuleDocument } from '../rules/document.ts';
import type { DocumentPath, DocumentProblem } from '../rules/document-problem.ts';
import type { RuleProblem } from '../rules/rule-problem.ts';
import { excerptAt, type FileProblem } from './file-problem.ts';
import { linesOf, type Place, type Places } from './places.ts';

/** A rule of a file, which still knows where it stands. */
export interface LoadedRule {
  readonly document: RuleDocument;
  readonly file: string;
  /** What its author should know and changes no outcome, in sentences for people. */
  readonly notes: readonly string[];
  /** Where the outcome is another than its format means, because of what this rule asks for, in sentences for people. */
  readonly differences: readonly string[];
  /** Why no event of an API server can match, as far as its format tells, in parts of sentences; empty: one may. */
  readonly neverMatches: readonly string[];
  /** Where the value at a path of the resource (`['spec', 'query']`) stands in the file, or the nearest around it. */
  place(path: DocumentPath): Place;
  /** Something wrong with the value at a path of the resource. */
  problemAt(path: DocumentPath, problem: { readonly message: string; readonly hint?: string }): FileProblem;
  /** What compiling the rule found, as a problem of the file; in a query at its place, if the file holds it as it is. */
  problem(problem: RuleProblem): FileProblem;
}

/** What one file, or several, gave. */
export interface LoadedRules {
  readonly rules: readonly LoadedRule[];
  readonly problems: readonly FileProblem[];
}

/** One rule in the text of its file. */
export interface RuleSource {
  readonly file: string;
  readonly lines: readonly string[];
  readonly places: Places;
}

/** What a rule's format says of it besides. */
export interface RuleOrigin {
  readonly differences?: readonly string[];
  readonly neverMatches?: readonly string[];
  /** True if the rule was written for another engine, which may honour what this one does not. */
  readonly imported?: boolean;
}

export function loadedRule(
  source: RuleSource,
  document: RuleDocument,
  notes: readonly string[] = [],
  { differences = [], neverMatches = [], imported = false }: RuleOrigin = {},
): LoadedRule {
  const { file, lines, places } = source;
  return {
    document,
    file,
    notes,
    differences,
    neverMatches,
    place: (path) => places.at(path),
    problemAt: (path, problem) => ({
      ...sourceProblem(source, { path, ...problem }, document.name),
      ruleType: document.type,
    }),
    problem: ({ path, message, hint, inQuery }) => {
      const whole = ['spec', ...path];
      const found = inQuery === undefined ? undefined : places.within(whole, inQuery.problem);
      const lost = inQuery !== undefined && found === undefined;
      const place = found ?? places.at(whole);
      return {
        file,
        place,
        rule: document.name,
        ruleType: document.type,
        message: lost
          ? `${message} (line ${inQuery.problem.line}, column ${inQuery.problem.column} of the text)`
          : message,
        ...(hint !== undefined && { hint }),
        ...(imported &&
          inQuery?.problem.unsupported && {
            unsupported: [{ kind: 'construct' as const, name: path.join('.'), message, path: whole }],
          }),
        // What the file holds in another form, as JSON does, is shown as it is read.
        excerpt: lost ? excerptAt(linesOf(inQuery.source), inQuery.problem) : excerptAt(lines, place),
      };
    },
  };
}

/** A problem of a rule's values as one of its file. */
export function sourceProblem(source: RuleSource, problem: DocumentProblem, rule: string | undefined): FileProblem {
  const { path, on, within } = problem;
  const found = within === undefined ? undefined : source.places.within(path, within);
  const place = found ?? source.places.at(path, on);
  const inText = within === undefined || found !== undefined ? '' : ` (line ${within.line}, column ${within.column})`;
  return {
    file: source.file,
    place,
    ...(rule !== undefined && { rule }),
    message: problem.message + inText,
    ...(problem.hint !== undefined && { hint: problem.hint }),
    excerpt: excerptAt(source.lines, place),
  };
}
