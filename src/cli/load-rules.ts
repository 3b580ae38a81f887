import { existsSync } from 'node:fs';
import { sanitise } from '../audit/text.ts';
import { type Config, PACK_PATHS, rulePaths, wantedPack } from '../config/schema.ts';
import { sha256Hashes } from '../ingest/hashes.ts';
import { type CompiledRules, compileLoaded } from '../rulefiles/compile-loaded.ts';
import type { FileProblem } from '../rulefiles/file-problem.ts';
import { formatFileProblem } from '../rulefiles/file-problem.ts';
import { RULE_FILE_EXTENSIONS } from '../rulefiles/find-rule-files.ts';
import { loadRuleFiles } from '../rulefiles/load.ts';
import { selectPack, withPack } from '../ruleset/select-pack.ts';
import { configOf } from './configure.ts';
import { CommandError, EXIT, type Io } from './io.ts';

/**
 * Loads and compiles rules for a command, and prints their problems on standard error.
 * @throws CommandError if a path does not exist
 */
export async function loadRules(paths: readonly string[], io: Io): Promise<CompiledRules> {
  const compiled = await loadQuietly(paths);
  for (const problem of compiled.problems) io.err(`${formatFileProblem(problem)}\n`);
  return compiled;
}

/**
 * Loads the rules that `serve` would run: the files of the configuration and its part of the pack.
 * @throws CommandError as `loadRules`
 */
export async function loadConfigured(config: Config, io: Io): Promise<CompiledRules> {
  requireThere(rulePaths(config));
  const wanted = wantedPack(config);
  const pack = selectPack(await loadRuleFiles(wanted === 'none' ? [] : PACK_PATHS), wanted);
  const loaded = withPack(await loadRuleFiles(config.rules.paths ?? []), pack);
  const compiled = compileLoaded(loaded, sha256Hashes);
  for (const problem of compiled.problems) io.err(`${formatFileProblem(problem)}\n`);
  return compiled;
}

/** As `loadRules`, but without printing the problems. */
export async function loadQuietly(paths: readonly string[]): Promise<CompiledRules> {
  requireThere(paths);
  return compileLoaded(await loadRuleFiles(paths), sha256Hashes);
}

function requireThere(paths: readonly string[]): void {
  for (const path of paths) {
    if (!existsSync(path)) throw new CommandError(`rules: ${sanitise(path)}: no such file or folder`);
  }
}

/** The problems of invalid rules, without those of rules that cannot run here. */
export function brokenOnly(problems: readonly FileProblem[]): readonly FileProblem[] {
  return problems.filter(({ unsupported }) => unsupported === undefined);
}

/** The given files and folders, else those of the configuration. */
export function pathsOf(paths: readonly string[], flags: Readonly<Record<string, unknown>>, io: Io): readonly string[] {
  return paths.length > 0 ? paths : rulePaths(configOf(flags, io));
}

/** A check of no rules must fail: it would find no problems. */
export function requireSome(found: number): void {
  const ends = RULE_FILE_EXTENSIONS.join(', ');
  if (found === 0) throw new CommandError(`no rules found; rule files end in ${ends}`, EXIT.failed);
}

export function brokenRules(count: number): CommandError {
  return new CommandError(
    `${count} ${count === 1 ? 'problem' : 'problems'} found; rules with problems do not run`,
    EXIT.failed,
  );
}
