import { expect } from '@jest/globals';
import fc from 'fast-check';
import { readAlerts } from '../../src/alerts/records.ts';
import type { Store } from '../../src/alerts/store.ts';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { lastHop } from '../../src/audit/identity.ts';
import { HOUR, MINUTE, SECOND } from '../../src/rules/limits.ts';
import { CLUSTER } from './evaluation.ts';
import { anonymousRequest, NOON } from './events.ts';
import { ruleDocument } from './rules.ts';

export const WINDOW = 2 * HOUR;

/** Budgets out of the way: high severity is not bound by the total. */
const free = { severity: 'high', budget: { alertsPerHour: 10_000 }, query: 'event.action: list' } as const;
const fields = ['source.ip', 'user_agent.original'];

export const NEW_TERMS = ruleDocument({ ...free, name: 'terms', newTerms: { fields, windowMicros: WINDOW } });
export const QUERY = ruleDocument({ ...free, name: 'query' });
/** An alert of one term takes repeats of others. */
export const BY_USER = ruleDocument({
  ...free,
  name: 'by-user',
  newTerms: { windowMicros: WINDOW },
  suppression: { by: ['user.name'], windowMicros: HOUR, missingFields: 'suppress' },
});
/** A window shorter than the sender's retries. */
export const BRIEF = ruleDocument({ ...free, name: 'brief', newTerms: { windowMicros: MINUTE } });

const GAPS = [0, 1, 2 * SECOND, MINUTE, MINUTE + 1, 4 * MINUTE, HOUR - 1, HOUR, HOUR + 1];
const AROUND_WINDOW = [-4 * MINUTE, -MINUTE, -1, 0, 1, MINUTE, 4 * MINUTE].map((shift) => WINDOW + shift);
const ADDRESSES = [['10.0.0.1'], ['10.0.0.1', '10.0.0.2'], ['10.0.0.2', '10.0.0.1'], ['10.0.0.2', '10.0.0.2'], []];

const request = fc.record({
  gap: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...GAPS) }, fc.constantFrom(...AROUND_WINDOW)),
  userAgent: fc.constantFrom('curl', 'curl', 'masscan', null, `long-${'x'.repeat(200)}`),
  sourceIPs: fc.constantFrom(...ADDRESSES),
  username: fc.constantFrom('system:anonymous', 'eve'),
  verb: fc.constantFrom('list', 'list', 'list', 'get'),
  /** How long after it a later stage of the same request is logged; 0: none. */
  laterStage: fc.constantFrom(0, 0, 0, 0, 1, 3 * SECOND),
  /** True if it ends in a panic, which tells nothing of what was done. */
  unknown: fc.constantFrom(false, false, false, false, true),
});

/** Requests in the order of time, some of them logged at two stages. */
export const streams: fc.Arbitrary<readonly DecodedEvent[]> = fc
  .array(request, { minLength: 1, maxLength: 40, size: 'max' })
  .map((requests) => {
    let at = NOON;
    const events = requests.flatMap(({ gap, verb, laterStage, unknown, ...changes }, i) => {
      at += gap;
      const started = { verb, stage: 'ResponseStarted' };
      const panic = { verb, stage: 'Panic', responseStatus: { code: 500 } };
      const isPanic = unknown && laterStage === 0;
      const first = anonymousRequest({ ...changes, at, id: `request-${i}`, event: isPanic ? panic : started });
      if (laterStage === 0) return [first];
      const again = { ...changes, at: at + laterStage, requestedAt: at, id: `request-${i}` };
      return [first, anonymousRequest({ ...again, event: unknown ? panic : { verb, stage: 'ResponseComplete' } })];
    });
    return events.sort((a, b) => a.at - b.at);
  });

export interface Batch {
  /** When it arrives (µs). */
  readonly at: number;
  readonly events: readonly DecodedEvent[];
}

/**
 * The events, in the order given, as batches.
 * @param ends takes turns in saying whether a batch ends after an event
 * @param span the longest time that a batch covers
 */
export function batchesOf(events: readonly DecodedEvent[], ends: readonly boolean[], span: number): readonly Batch[] {
  const batches: DecodedEvent[][] = [];
  let open: DecodedEvent[] = [];
  for (const [i, event] of events.entries()) {
    const times = [...open, event].map(({ receivedAt }) => receivedAt);
    if (open.length > 0 && (ends[i % ends.length] || Math.max(...times) - Math.min(...times) > span)) {
      batches.push(open);
      open = [];
    }
    open.push(event);
  }
  if (open.length > 0) batches.push(open);
  return batches.map((batch) => {
    const at = Math.max(...batch.map(({ receivedAt }) => receivedAt));
    return { at, events: batch.map((event, ordinal) => ({ ...event, ordinal, receivedAt: at })) };
  });
}

/** An alert as far as the reference knows of it. */
interface Expected {
  readonly what: string;
  readonly at: number;
  /** Opened by what may not have happened, so that the next is new, too. */
  readonly unknown: boolean;
  count: number;
}

/** One document, several combinations; one that lacks a field has none. The last value goes first. */
export function termsOf({ event }: DecodedEvent): readonly string[] {
  const agent = event.userAgent;
  if (event.verb !== 'list' || agent === undefined) return [];
  return [...new Set(event.sourceIPs?.toReversed())].map((address) => JSON.stringify([address, agent]));
}

/**
 * What the rules NEW_TERMS and QUERY alert on, naively: a combination is worth an alert if no request had it in the window
 * before; every sighting counts but those of which nobody knows whether they happened. What repeats within the alert's own window is counted on it. A request is counted once.
 * @param events in the order of time
 */
export function expectedAlerts(events: readonly DecodedEvent[]): readonly string[] {
  const alerts: Expected[] = [];
  const live = new Map<string, Expected>();
  const counted = new Set<string>();
  const seen = new Map<string, number>();
  const take = (what: string, { event, at }: DecodedEvent, once: string, window: number, isNew: boolean) => {
    const open = live.get(what);
    const unknown = event.stage === 'Panic';
    const joins = open !== undefined && at < open.at + window;
    if (isNew && joins) {
      expect(!what.startsWith('terms') || open.unknown).toBe(true); // the window of a term ends before it is new again
    }
    if (joins) open.count += 1;
    else if (isNew) {
      const alert: Expected = { what, at, unknown, count: 1 };
      alerts.push(alert);
      live.set(what, alert);
    } else if (!unknown) return;
    counted.add(once);
  };
  for (const decoded of events) {
    const { event, at } = decoded;
    if (event.verb !== 'list') continue;
    for (const term of termsOf(decoded)) {
      const once = `${event.auditID} ${term}`;
      if (counted.has(once)) continue;
      const last = seen.get(term);
      take(`terms ${term}`, decoded, once, WINDOW, last === undefined || last < at - WINDOW);
      if (event.stage !== 'Panic') seen.set(term, at);
    }
    const what = `query ${JSON.stringify([event.user?.username, lastHop(event)])}`;
    const once = `${event.auditID} query`;
    if (counted.has(once)) continue;
    const open = live.get(what);
    take(what, decoded, once, HOUR, open === undefined || at >= open.at + HOUR);
  }
  return alerts.map(lineOf).sort();
}

function lineOf({ what, at, count }: Omit<Expected, 'unknown'>): string {
  return `${what} at ${at - NOON} × ${count}`;
}

/** What the store holds, in the same words. */
export async function actualAlerts(store: Store, cluster = CLUSTER): Promise<readonly string[]> {
  const alerts = await readAlerts(store, cluster);
  return alerts
    .map(({ spec, state }) => {
      const of = spec.newTerms?.map(({ value }) => value) ?? [spec.actor.user, spec.actor.sourceIP];
      return lineOf({ what: `${spec.rule.name} ${JSON.stringify(of)}`, at: state.openedAt, count: state.count });
    })
    .sort();
}
