import type { DecodedEvent } from '../audit/event.ts';
import { lastHop } from '../audit/identity.ts';
import { addressKey } from '../query/address.ts';
import type { RuleQuery } from '../query/esql/rule-query.ts';
import type { FieldMemo } from '../query/slots.ts';
import type { CompiledPipeline } from './compiled-rule.ts';
import type { Hashes } from './hashes.ts';
import { bounded } from './kinds/combinations.ts';

export function compilePipeline({ run, reads }: RuleQuery, hashes: Hashes): CompiledPipeline {
  if (run.kind === 'rows') return { kind: 'rows', evaluate: ofLast(run.evaluate), reads };
  const { columns, shape, judge, enter } = run;
  const shorten = (text: string) => bounded(text, hashes);
  return {
    kind: 'groups',
    columns,
    shape,
    enter: ofLast((event) => enter(event, { shorten, preferred: lastHopKeys(event) })),
    judge,
    reads,
  };
}

/** True if a row of the event gets through, or to STATS. What costs too much does not, and overruns the budget of the rule. */
export function passesPipeline(pipeline: CompiledPipeline, event: DecodedEvent, { budget }: FieldMemo): boolean {
  const attempt = pipeline.kind === 'rows' ? pipeline.evaluate(event) : pipeline.enter(event);
  if (attempt.kind === 'done')
    return attempt.result !== undefined && (pipeline.kind === 'rows' || hasEntries(attempt.result));
  budget.spend(Number.POSITIVE_INFINITY);
  return false;
}

function hasEntries(entries: readonly unknown[]): boolean {
  return entries.length > 0;
}

/** Only the last hop is not chosen by the client, so a forged list of addresses must not push it beyond a cap. */
function lastHopKeys({ event }: DecodedEvent): readonly string[] {
  const hop = lastHop(event);
  if (hop === undefined) return [];
  const key = addressKey(hop);
  return key === undefined ? [hop] : [hop, key];
}

function ofLast<T>(compute: (event: DecodedEvent) => T): (event: DecodedEvent) => T {
  let last: { readonly event: DecodedEvent; readonly result: T } | undefined;
  return (event) => {
    if (last?.event !== event) last = { event, result: compute(event) };
    return last.result;
  };
}
