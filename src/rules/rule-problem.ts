import { formatProblem, type Problem } from '../query/problem.ts';

/** A problem in a rule: its place in the document and, for a query, in the text. */
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

/** A problem as text; in a query with the line and a caret. */
export function formatRuleProblem({ path, message, hint, inQuery }: RuleProblem): string {
  const at = `spec.${path.join('.')}`;
  if (inQuery !== undefined) return `${at}: ${formatProblem(inQuery.problem, inQuery.source)}`;
  return hint === undefined ? `${at}: ${message}` : `${at}: ${message}\n  hint: ${hint}`;
}
