import { existsSync } from 'node:fs';
import { sanitise } from '../audit/text.ts';
import { rulePaths } from '../config/schema.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { type CompiledRules, compileLoaded } from '../rulefiles/compile-loaded.ts';
import type { FileProblem } from '../rulefiles/file-problem.ts';
import { formatFileProblem } from '../rulefiles/file-problem.ts';
import { RULE_FILE_EXTENSIONS } from '../rulefiles/find-rule-files.ts';
import { loadRuleFiles } from '../rulefiles/load.ts';
import { configOf } from './configure.ts';
import { CommandError, EXIT, type Io } from './io.ts';

/**
 * Loads and compiles rules for a command, and says what is wrong with them on standard error.
 * @throws CommandError if a path leads nowhere: the command was called wrongly
 */
export async function loadRules(paths: readonly string[], io: Io): Promise<CompiledRules> {
  const compiled = await loadQuietly(paths);
  for (const problem of compiled.problems) io.err(`${formatFileProblem(problem)}\n`);
  return compiled;
}

/** The same for a command that itself says what is wrong, at its own place. */
export async function loadQuietly(paths: readonly string[]): Promise<CompiledRules> {
  for (const path of paths) {
    if (!existsSync(path)) throw new CommandError(`rules: ${sanitise(path)}: there is no such file or folder`);
  }
  return compileLoaded(await loadRuleFiles(paths), sha256Hashes);
}

/** The problems of rules that are wrong, without those of rules that cannot run here. */
export function brokenOnly(problems: readonly FileProblem[]): readonly FileProblem[] {
  return problems.filter(({ unsupported }) => unsupported === undefined);
}

/** The files and folders that a command was given, else those of the configuration. */
export function pathsOf(paths: readonly string[], flags: Readonly<Record<string, unknown>>, io: Io): readonly string[] {
  return paths.length > 0 ? paths : rulePaths(configOf(flags, io));
}

/** To look for problems where no rule is would find none, and be trusted. */
export function requireSome(found: number): void {
  const ends = RULE_FILE_EXTENSIONS.join(', ');
  if (found === 0) throw new CommandError(`no rule was found; rule files end in ${ends}`, EXIT.failed);
}

export function brokenRules(count: number): CommandError {
  return new CommandError(
    `${count} ${count === 1 ? 'problem' : 'problems'}; a rule with a problem does not run`,
    EXIT.failed,
  );
}
