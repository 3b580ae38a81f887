import type { DecodedEvent } from '../../../audit/event.ts';
import { lastHop } from '../../../audit/identity.ts';
import { excerpt } from '../../../audit/text.ts';
import type { Decision, Outcome } from '../../../detect/decision.ts';
import type { RuleFault } from '../../../detect/detector.ts';
import { describeEvent } from '../../../detect/draft.ts';
import type { Settled } from '../../../detect/settle.ts';
import type { ReadyRule } from '../../../rulefiles/compile-loaded.ts';
import type { CompiledRule } from '../../../rules/compiled-rule.ts';

/** The most audit IDs per rule and list in a report; the rest is counted. */
export const MOST_IDS = 10_000;

/** The most requests to describe. Evidence beyond that shows only time and audit ID. */
const MOST_REQUESTS = 50_000;

const ID_BYTES = 128;
const TEXT_BYTES = 256;

/** The results of one rule in a replay. */
export interface RuleRecord {
  readonly ready: ReadyRule;
  /** Events that it selects, after exceptions. For a sequence rule, the events of completed sequences. */
  readonly matches: IdList;
  /** Events that opened an alert. */
  readonly fires: IdList;
  /** Events that joined an open alert. */
  readonly repeats: IdList;
  /** Events that opened no alert because the rule was learning. */
  readonly taught: IdList;
  faults: number;
  /** The message of the first fault. */
  firstFault: string | undefined;
}

/** A request that may be evidence of an alert. */
export interface RequestRecord {
  /** For example `system:anonymous list pods in default, allowed`. */
  readonly what: string;
  /** In full, where the state keeps a cut one. */
  readonly auditID: string;
  readonly source: string;
  readonly userAgent: string;
}

/** Collects the data of a report during a replay. */
export interface ReplayRecord {
  /** In the order of the files. */
  readonly rules: readonly RuleRecord[];
  /** The rules to run, with recording. */
  readonly watched: readonly CompiledRule[];
  /** The recorded request with this key. */
  request(requestKey: string): RequestRecord | undefined;
  detected(faults: readonly RuleFault[]): void;
  settled(decisions: readonly Decision[], settled: Settled): void;
}

/** Distinct audit IDs in order of arrival, and their number. */
export class IdList {
  readonly #ids = new Set<string>();
  #count = 0;

  add(auditID: string): void {
    const id = excerpt(auditID, ID_BYTES);
    if (this.#ids.has(id)) return;
    this.#count += 1;
    if (this.#ids.size < MOST_IDS) this.#ids.add(id);
  }

  get ids(): readonly string[] {
    return [...this.#ids];
  }

  /** Exact up to `MOST_IDS`. Beyond, a repeated ID counts again. */
  get count(): number {
    return this.#count;
  }
}

const RAISED: readonly Outcome[] = ['opened', 'overflow'];
/** Records matches that open no alert. */
const OF_NO_ALERT: readonly Outcome[] = ['duplicate', 'known', 'learning', 'late'];

export function createReplayRecord(ready: readonly ReadyRule[]): ReplayRecord {
  const records = new Map<string, RuleRecord>();
  for (const each of ready) {
    records.set(each.rule.document.name, {
      ready: each,
      matches: new IdList(),
      fires: new IdList(),
      repeats: new IdList(),
      taught: new IdList(),
      faults: 0,
      firstFault: undefined,
    });
  }
  const requests = new Map<string, RequestRecord>();

  return {
    rules: [...records.values()],
    watched: [...records.values()].map(({ ready: { rule }, matches }) => watch(rule, matches)),
    request: (key) => requests.get(key),
    detected(faults) {
      for (const { rule, error, event } of faults) {
        const record = records.get(rule);
        if (record === undefined) continue;
        record.faults += 1;
        record.firstFault ??= excerpt(`${event.event.auditID ?? 'an event'}: ${String(error)}`, TEXT_BYTES);
      }
    },
    settled(decisions, { outcomes, fires }) {
      for (const [index, decision] of decisions.entries()) {
        const outcome = outcomes[index];
        const record = records.get(decision.rule.document.name);
        if (record === undefined || outcome === undefined) continue;
        const id = auditIDOf(decision.event);
        if (RAISED.includes(outcome)) record.fires.add(id);
        if (outcome === 'attached') record.repeats.add(id);
        if (outcome === 'learning') record.taught.add(id);
        if (!OF_NO_ALERT.includes(outcome) && requests.size < MOST_REQUESTS && !requests.has(decision.requestKey)) {
          requests.set(decision.requestKey, requestOf(decision));
        }
        if (decision.rule.sequence !== undefined) {
          for (const { auditID, requestKey } of (fires.get(decision) ?? []).flatMap(({ rows }) => rows)) {
            record.matches.add(requests.get(requestKey)?.auditID ?? auditID);
          }
        }
      }
    },
  };
}

/** Wraps a rule to record what it selects. Items of a sequence count once the sequence is complete. */
function watch(rule: CompiledRule, matches: IdList): CompiledRule {
  if (rule.sequence !== undefined) return rule;
  return {
    ...rule,
    matches(event, ...rest) {
      const selected = rule.matches(event, ...rest);
      if (selected) matches.add(auditIDOf(event));
      return selected;
    },
  };
}

/** Events without an audit ID count as well. */
function auditIDOf({ event }: DecodedEvent): string {
  return event.auditID ?? '';
}

function requestOf(decision: Decision): RequestRecord {
  const { event } = decision.event;
  return {
    what: describeEvent(decision),
    auditID: excerpt(event.auditID ?? '', ID_BYTES),
    source: excerpt(lastHop(event) ?? '', ID_BYTES),
    userAgent: excerpt(event.userAgent ?? '', TEXT_BYTES),
  };
}
