import { formatProblem, type Problem } from '../query/problem.ts';

/** Something wrong with a rule: where in the document, and, for a query, where in its text. */
export interface RuleProblem {
  /** Below `spec`, for example `['exceptions', 0, 'query']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
  readonly inQuery?: { readonly source: string; readonly problem: Problem };
}

export function queryProblem(path: RuleProblem['path'], source: string, problem: Problem): RuleProblem {
  const { message, hint } = problem;
  return { path, message, ...(hint === undefined ? {} : { hint }), inQuery: { source, problem } };
}

/** A problem as text, with the line of the query and a caret where it is in one. */
export function formatRuleProblem({ path, message, hint, inQuery }: RuleProblem): string {
  const at = `spec.${path.join('.')}`;
  if (inQuery !== undefined) return `${at}: ${formatProblem(inQuery.problem, inQuery.source)}`;
  return hint === undefined ? `${at}: ${message}` : `${at}: ${message}\n  hint: ${hint}`;
}
