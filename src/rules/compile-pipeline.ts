import type { DecodedEvent } from '../audit/event.ts';
import { lastHop } from '../audit/identity.ts';
import type { RuleQuery } from '../query/esql/rule-query.ts';
import type { FieldMemo } from '../query/match/slots.ts';
import { addressKey } from '../query/values/address.ts';
import type { CompiledPipeline } from './compiled-rule.ts';
import type { Hashes } from './hashes.ts';
import { bounded } from './kinds/combinations.ts';

export function compilePipeline({ run, reads }: RuleQuery, hashes: Hashes): CompiledPipeline {
  if (run.kind === 'rows') return { kind: 'events', evaluate: ofLast(run.evaluate), reads };
  const { columns, shape, judge, entries } = run;
  const gather = ofLast(run.gather);
  const shorten = (text: string) => bounded(text, hashes);
  return {
    kind: 'groups',
    columns,
    shape,
    gather,
    enter: (event) => {
      const gathered = gather(event);
      if (gathered.kind === 'exceeded') return gathered;
      return { kind: 'done', result: entries(gathered.result, { shorten, preferred: lastHopKeys(event) }) };
    },
    judge,
    reads,
  };
}

/**
 * True if a row of the event gets through, or reaches STATS. If the query costs too much, the result is false and the
 * budget of the rule is exceeded.
 */
export function passesPipeline(pipeline: CompiledPipeline, event: DecodedEvent, { budget }: FieldMemo): boolean {
  if (pipeline.kind === 'events') {
    const attempt = pipeline.evaluate(event);
    if (attempt.kind === 'done') return attempt.result !== undefined;
  } else {
    const attempt = pipeline.gather(event);
    if (attempt.kind === 'done') return attempt.result.length > 0;
  }
  budget.spend(Number.POSITIVE_INFINITY);
  return false;
}

/** The client chooses every hop but the last, so a forged list of addresses must not push the last one beyond a cap. */
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
