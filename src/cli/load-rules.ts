import { sha256Hashes } from '../ingest/hashes.ts';
import { type CompiledRules, compileLoaded } from '../rulefiles/compile-loaded.ts';
import { formatFileProblem } from '../rulefiles/file-problem.ts';
import { loadRuleFiles } from '../rulefiles/load.ts';
import type { Io } from './io.ts';

/** Loads and compiles rules for a command, and says what is wrong with them on standard error. */
export async function loadRules(paths: readonly string[], io: Io): Promise<CompiledRules> {
  const compiled = compileLoaded(await loadRuleFiles(paths), sha256Hashes);
  for (const problem of compiled.problems) io.err(`${formatFileProblem(problem)}\n`);
  return compiled;
}
