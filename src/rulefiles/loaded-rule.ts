import type { RuleDocument } from '../rules/document.ts';
import type { DocumentPath, DocumentProblem } from '../rules/document-problem.ts';
import type { RuleProblem } from '../rules/rule-problem.ts';
import { excerptAt, type FileProblem } from './file-problem.ts';
import { linesOf, type Place, type Places } from './places.ts';

/** A rule of a file, with its place there. */
export interface LoadedRule {
  readonly document: RuleDocument;
  readonly file: string;
  /** Facts worth knowing that change no outcome, in sentences. */
  readonly notes: readonly string[];
  /** Where the outcome differs from the source format, because of this rule, in sentences. */
  readonly differences: readonly string[];
  /**
   * Why no event of an API server can match, as far as the format tells, in parts of sentences; empty: an event may
   * match.
   */
  readonly neverMatches: readonly string[];
  /**
   * The place in the file of the value at a path of the resource (`['spec', 'query']`), or of the nearest value around
   * it.
   */
  place(path: DocumentPath): Place;
  /** A problem with the value at a path of the resource. */
  problemAt(path: DocumentPath, problem: { readonly message: string; readonly hint?: string }): FileProblem;
  /** A problem from compiling the rule; for a query at its place, if the file holds its text unchanged. */
  problem(problem: RuleProblem): FileProblem;
}

/** The result of loading one or more files. */
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

/** Additional findings from the rule's format. */
export interface RuleOrigin {
  readonly differences?: readonly string[];
  readonly neverMatches?: readonly string[];
  /** True if the rule was written for another engine, which may support what this one does not. */
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
        // If the file holds the text in another form, such as JSON, show it as read.
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
