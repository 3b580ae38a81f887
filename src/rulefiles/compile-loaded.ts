import { createFieldSlots, type FieldSlots } from '../query/match/slots.ts';
import { compileRule } from '../rules/compile-rule.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { Hashes } from '../rules/hashes.ts';
import type { FileProblem } from './file-problem.ts';
import type { LoadedRule, LoadedRules } from './loaded-rule.ts';
import { type JudgedRule, judgeCompiled, judgeRefused } from './rule-verdict.ts';

/** A compiled rule, with its origin and verdict. */
export interface ReadyRule {
  readonly rule: CompiledRule;
  readonly loaded: LoadedRule;
  readonly judged: JudgedRule;
}

export interface CompiledRules {
  /** Valid, enabled rules; invalid ones do not stop them. */
  readonly ready: readonly ReadyRule[];
  /** Valid but disabled. */
  readonly disabled: readonly ReadyRule[];
  /** All problems and all reasons why a rule cannot run here; `unsupported` tells them apart. */
  readonly problems: readonly FileProblem[];
  /** The verdict on every rule found: first those that compile, in file order, then the others. */
  readonly verdicts: readonly JudgedRule[];
  /** What the rules were compiled with. */
  readonly slots: FieldSlots;
}

/** Compiles the loaded rules. Reports every problem of every file, those of loading first. */
export function compileLoaded({ rules, problems }: LoadedRules, hashes: Hashes): CompiledRules {
  const slots = createFieldSlots();
  const compiledRules: ReadyRule[] = [];
  const all = [...problems];
  for (const loaded of rules) {
    const compiled = compileRule(loaded.document, slots, hashes);
    if (compiled.kind === 'invalid') all.push(...compiled.problems.map((problem) => loaded.problem(problem)));
    else compiledRules.push({ rule: compiled.rule, loaded, judged: judgeCompiled(compiled.rule, loaded) });
  }
  return {
    ready: compiledRules.filter(({ rule }) => rule.document.enabled),
    disabled: compiledRules.filter(({ rule }) => !rule.document.enabled),
    problems: all,
    verdicts: [...compiledRules.map(({ judged }) => judged), ...judgeRefused(all)],
    slots,
  };
}
