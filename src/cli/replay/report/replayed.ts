import type { AlertRecord } from '../../../detect/alert.ts';
import type { CompiledRules } from '../../../rulefiles/compile-loaded.ts';
import type { ReplayRecord } from './replay-record.ts';

/** A replay that is over. */
export interface Replayed {
  readonly record: ReplayRecord;
  readonly rules: CompiledRules;
  /** Oldest first. */
  readonly alerts: readonly AlertRecord[];
  /** How many events were evaluated. */
  readonly events: number;
  /** As they were named. */
  readonly files: readonly string[];
}
