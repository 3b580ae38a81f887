import { nearest } from '../query/nearest.ts';
import type { CompiledRules, ReadyRule } from '../rulefiles/compile-loaded.ts';
import { formatFileProblem } from '../rulefiles/file-problem.ts';
import { describeValue } from '../rules/document-problem.ts';
import { CommandError, type Io } from './io.ts';
import { loadQuietly } from './load-rules.ts';

export interface FoundRule extends ReadyRule {
  /** The slots of its compilation. */
  readonly slots: CompiledRules['slots'];
}

/**
 * Finds one rule by name or id, enabled or not. Prints the problems of that rule, and counts other invalid rules.
 * @throws CommandError with `exitCode` if no rule has the name, or it does not load
 */
export async function findRule(name: string, paths: readonly string[], io: Io, exitCode: number): Promise<FoundRule> {
  const compiled = await loadQuietly(paths);
  const { ready, disabled, problems, verdicts, slots } = compiled;
  for (const problem of problems) if (problem.rule === name) io.err(`${formatFileProblem(problem)}\n`);
  const others = verdicts.filter((judged) => judged.verdict === 'invalid' && judged.name !== name).length;
  if (others > 0) {
    const what = others === 1 ? 'rule is' : 'rules are';
    io.err(`note: ${others} other ${what} invalid: \`firstseen rules check\` says why\n`);
  }
  const all = [...ready, ...disabled];
  const found = all.find(({ loaded: { document } }) => document.name === name || document.id === name);
  if (found !== undefined) return { ...found, slots };
  if (problems.some(({ rule }) => rule === name))
    throw new CommandError(`the rule ${name} does not load; fix the problems above`, exitCode);
  const near = nearest(
    name,
    all.map(({ loaded }) => loaded.document.name),
  );
  const hint = near === undefined ? '`firstseen rules list` prints their names' : `did you mean ${near}?`;
  throw new CommandError(`no rule is named ${describeValue(name)}\n  hint: ${hint}`, exitCode);
}
