import { fieldsOf } from '../query/fields-of.ts';
import { createFieldSlots, type FieldSlots } from '../query/slots.ts';
import { compileRule } from '../rules/compile-rule.ts';
import type { CompiledRule } from '../rules/compiled-rule.ts';
import type { Hashes } from '../rules/hashes.ts';
import type { FileProblem } from './file-problem.ts';
import type { LoadedRule, LoadedRules } from './loaded-rule.ts';

/** A rule that can run, beside where it came from. */
export interface ReadyRule {
  readonly rule: CompiledRule;
  readonly loaded: LoadedRule;
  /** What its author should know, in sentences: the notes of its format, and conditions that cannot hold. */
  readonly notes: readonly string[];
}

export interface CompiledRules {
  /** Those that are enabled and right; the others do not stop them. */
  readonly ready: readonly ReadyRule[];
  /** Right, and switched off. */
  readonly disabled: readonly LoadedRule[];
  readonly problems: readonly FileProblem[];
  /** What the rules were compiled with. */
  readonly slots: FieldSlots;
}

/** Compiles what was loaded; every problem of every file, those of loading first. */
export function compileLoaded({ rules, problems }: LoadedRules, hashes: Hashes): CompiledRules {
  const slots = createFieldSlots();
  const ready: ReadyRule[] = [];
  const disabled: LoadedRule[] = [];
  const all = [...problems];
  for (const loaded of rules) {
    const compiled = compileRule(loaded.document, slots, hashes);
    if (compiled.kind === 'invalid') all.push(...compiled.problems.map((problem) => loaded.problem(problem)));
    else if (loaded.document.enabled)
      ready.push({ rule: compiled.rule, loaded, notes: [...loaded.notes, ...emptyFields(compiled.rule)] });
    else disabled.push(loaded);
  }
  return { ready, disabled, problems: all, slots };
}

function emptyFields({ predicate }: CompiledRule): string[] {
  const never = fieldsOf(predicate).filter(({ neverSet }) => neverSet === true);
  return never.map(({ name }) => `${name} never has a value on an audit event, so no condition on it holds`);
}
