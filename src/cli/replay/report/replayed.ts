import type { AlertRecord } from '../../../detect/alert.ts';
import type { CompiledRules } from '../../../rulefiles/compile-loaded.ts';
import type { ReplayRecord } from './replay-record.ts';

/** A finished replay. */
export interface Replayed {
  readonly record: ReplayRecord;
  readonly rules: CompiledRules;
  /** Oldest first. */
  readonly alerts: readonly AlertRecord[];
  /** The number of evaluated events. */
  readonly events: number;
  /** File names as given. */
  readonly files: readonly string[];
}
