import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DecodedEvent } from '../../src/audit/event.ts';
import type { CompiledRule } from '../../src/rules/compiled-rule.ts';
import type { RuleDocument } from '../../src/rules/document.ts';
import { DAY, LATENESS, MINUTE, SECOND } from '../../src/rules/limits.ts';
import { decodeRow, type Row } from '../../src/rules/row.ts';
import { stateKeys } from '../../src/rules/state-keys.ts';
import type { SqliteState } from '../../src/state/sqlite/sqlite-state.ts';
import { OperationalError } from '../../src/telemetry/operational-error.ts';
import { CLUSTER, noting, withFaults } from '../support/evaluation.ts';
import { anonymousRequest, NOON, type RequestChanges } from '../support/events.ts';
import { type Batch, batchesOf } from '../support/protocol-reference.ts';
import { evaluatorOn, onStore } from '../support/protocol-runs.ts';
import { compiledRules } from '../support/rules.ts';
import { entriesOf, hashOf } from '../support/state-access.ts';
import {
  actualWindowedAlerts,
  expectedFires,
  expectedWindowedAlerts,
  SEQUENCES,
  WINDOWED,
  windowedStreams,
} from '../support/windowed-reference.ts';

const RUNS = 120;
/** What the API server waits for at most before it sends a batch. */
const BATCH_SPAN = 30 * SECOND;
/** How long it goes on sending one that is not answered. */
const RETRIES = 4 * MINUTE;

const ends = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
const perCommit = fc.constantFrom(1, 2, 5, 50);

/** What the deliveries leave in an empty store. */
function alertsAfter(deliveries: readonly Batch[], decisionsPerCommit = 50) {
  return onStore(async (store) => {
    const evaluate = evaluatorOn(store, WINDOWED, decisionsPerCommit);
    for (const { events } of deliveries) await evaluate(CLUSTER, events);
    return actualWindowedAlerts(store);
  });
}

test('in the order of time, exactly the alerts of the reference, however the events are cut into batches and commits', async () => {
  const found = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(windowedStreams, ends, perCommit, async (events, cuts, size) => {
      const actual = await alertsAfter(batchesOf(events, cuts, 1_000 * DAY), size);
      expect(actual).toEqual(expectedWindowedAlerts(events));
      for (const line of actual) {
        const rule = line.split(' ')[0] ?? '';
        found.set(rule, (found.get(rule) ?? 0) + 1);
      }
    }),
    { numRuns: RUNS },
  );
  for (const { name } of WINDOWED)
    expect([`${name}: the streams are worth something`, found.has(name)]).toEqual([
      `${name}: the streams are worth something`,
      true,
    ]);
});

test('the events behind each fire are those of the reference', async () => {
  await fc.assert(
    fc.asyncProperty(windowedStreams, ends, perCommit, async (events, cuts, size) => {
      const actual = await firesAfter(WINDOWED, batchesOf(events, cuts, 1_000 * DAY), size);
      const expected = expectedFires(events).map(({ rule, events: behind }) => `${rule}: ${behind.join(' ')}`);
      expect(actual.toSorted()).toEqual(expected.toSorted());
    }),
    { numRuns: RUNS },
  );
});

/** Each fire: its rule, and the audit IDs of its events in order. */
function firesAfter(documents: readonly RuleDocument[], deliveries: readonly Batch[], decisionsPerCommit = 50) {
  return onStore(async (store): Promise<readonly string[]> => {
    const { told, observer } = noting();
    const evaluate = evaluatorOn(store, documents, decisionsPerCommit, observer);
    for (const { events } of deliveries) await evaluate(CLUSTER, events);
    return told.settled.flatMap(({ fires }) =>
      [...fires].flatMap(([{ rule }, all]) =>
        all.map(({ rows }) => `${rule.document.name}: ${rows.map(({ auditID }) => auditID).join(' ')}`),
      ),
    );
  });
}

test('batches that are sent again, several times and between others, change nothing', async () => {
  const delays = fc.array(fc.array(fc.integer({ min: 0, max: RETRIES }), { maxLength: 3 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(windowedStreams, ends, delays, async (events, cuts, again) => {
      const batches = batchesOf(events, cuts, BATCH_SPAN);
      const deliveries = batches.flatMap((batch, i) =>
        [0, ...(again[i % again.length] ?? [])].map((delay) => ({ ...batch, at: batch.at + delay })),
      );
      const actual = await alertsAfter(deliveries.toSorted((a, b) => a.at - b.at));
      expect(actual).toEqual(expectedWindowedAlerts(events));
    }),
    { numRuns: RUNS },
  );
});

/** No two at the same time, where the order of arrival would decide. */
const apart = windowedStreams.map((events) =>
  events.map((event, i) => anonymousRequest({ at: event.at + i, id: `request-${i}`, ...partsOf(event) })),
);

function partsOf({ event }: DecodedEvent): RequestChanges {
  const { userAgent = null, sourceIPs = [], verb = '' } = event;
  return { userAgent, sourceIPs, username: event.user?.username ?? '', event: { verb } };
}

/** The events as they arrive, each so much later than it happened. */
function arriving(events: readonly DecodedEvent[], late: readonly number[]): readonly DecodedEvent[] {
  return events
    .map((event, i) => ({ ...event, receivedAt: event.at + (late[i % late.length] ?? 0) }))
    .sort((a, b) => a.receivedAt - b.receivedAt);
}

const lateness = fc.array(fc.integer({ min: 0, max: LATENESS - BATCH_SPAN - 1 }), { minLength: 1, maxLength: 50 });

test('events out of order by less than the lateness: each sequence that there is in time order ends in a fire', async () => {
  // The last but one comes last: what the last one has ended, it ends as well. Random streams meet this seldom.
  const late = ['list', 'get', 'list', 'list'].map((verb, i) =>
    anonymousRequest({ at: NOON + i, id: `request-${i}`, username: 'eve', event: { verb } }),
  );
  let more = 0;
  await fc.assert(
    fc.asyncProperty(apart, ends, lateness, async (events, cuts, late) => {
      const actual = await firesAfter(SEQUENCES, batchesOf(arriving(events, late), cuts, BATCH_SPAN));
      const lastOf = (line: string) => `${line.split(':')[0]} ${line.split(' ').at(-1)}`;
      const found = countOf(actual.map(lastOf));
      const expected = expectedFires(events).filter(({ rule }) => SEQUENCES.some(({ name }) => name === rule));
      const least = countOf(expected.map(({ rule, events: behind }) => `${rule} ${behind.at(-1)}`));
      for (const [end, times] of least) expect(found.get(end) ?? 0).toBeGreaterThanOrEqual(times);
      for (const [end, times] of found) if (times > (least.get(end) ?? 0)) more += 1;
    }),
    { numRuns: RUNS * 2, examples: [[late, [true], [0, 0, SECOND, 0]]] },
  );
  expect(more).toBeGreaterThan(0); // the case of more was met
});

test('events out of order by less than the lateness: no group that reaches its threshold in time order is without an alert', async () => {
  await fc.assert(
    fc.asyncProperty(apart, ends, lateness, async (events, cuts, late) => {
      const alerts = await alertsAfter(batchesOf(arriving(events, late), cuts, BATCH_SPAN));
      const groupOf = (line: string) => line.split(' at ')[0] ?? '';
      const found = new Set(alerts.map(groupOf));
      for (const line of expectedWindowedAlerts(events)) {
        expect([`${groupOf(line)} has no alert`, found.has(groupOf(line))]).toEqual([
          `${groupOf(line)} has no alert`,
          true,
        ]);
      }
    }),
    { numRuns: RUNS * 2 },
  );
});

function countOf(items: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

test('two replicas that are sent the same batches at once fire once', async () => {
  await fc.assert(
    fc.asyncProperty(windowedStreams, ends, perCommit, async (events, cuts, size) => {
      await onStore(async (store) => {
        const replicas = [evaluatorOn(store, WINDOWED, size), evaluatorOn(store, WINDOWED, size)];
        for (const batch of batchesOf(events, cuts, BATCH_SPAN)) {
          await Promise.all(replicas.map((evaluate) => evaluate(CLUSTER, batch.events)));
        }
        expect(await actualWindowedAlerts(store)).toEqual(expectedWindowedAlerts(events));
      });
    }),
    { numRuns: RUNS },
  );
});

test('a process that dies before or after any commit, and a sender that retries: the same alerts', async () => {
  const faults = fc.array(fc.constantFrom('none', 'none', 'before', 'after'), { minLength: 1, maxLength: 30 });
  let deaths = 0;
  await fc.assert(
    fc.asyncProperty(windowedStreams, ends, faults, perCommit, async (events, cuts, plan, size) => {
      await onStore(async (store) => {
        let turn = 0;
        const die = (when: string) => {
          if (turn >= plan.length || plan[turn] !== when) return;
          deaths += 1;
          throw new OperationalError('store_unavailable', `died ${when} the commit`);
        };
        const dying = withFaults(
          store,
          () => {
            turn += 1;
            die('before');
          },
          () => die('after'),
        );
        let evaluate = evaluatorOn(dying, WINDOWED, size);
        for (const batch of batchesOf(events, cuts, BATCH_SPAN)) {
          for (let answered = false; !answered; ) {
            answered = await evaluate(CLUSTER, batch.events).then(
              () => true,
              () => false,
            );
            if (!answered) evaluate = evaluatorOn(dying, WINDOWED, size);
          }
        }
        expect(await actualWindowedAlerts(store)).toEqual(expectedWindowedAlerts(events));
      });
    }),
    { numRuns: RUNS },
  );
  expect(deaths).toBeGreaterThan(RUNS / 4); // processes died
});

test('with hardly a budget: no event is used whose alert is not recorded, and those of recorded alerts are', async () => {
  const tight = WINDOWED.map((document) => ({ ...document, budget: { alertsPerHour: 1 } }));
  const { rules } = compiledRules(tight);
  let overflows = 0;
  await fc.assert(
    fc.asyncProperty(windowedStreams, ends, perCommit, async (events, cuts, size) => {
      await onStore(async (store) => {
        const { told, observer } = noting();
        const evaluate = evaluatorOn(store, tight, size, observer);
        for (const batch of batchesOf(events, cuts, 1_000 * DAY)) await evaluate(CLUSTER, batch.events);
        const recorded = told.settled.flatMap(({ fires, outcomes }) => {
          const fired = outcomes.filter((outcome) => ['opened', 'attached', 'overflow'].includes(outcome));
          overflows += fired.filter((outcome) => outcome === 'overflow').length;
          return [...fires].flatMap(([{ rule }, [fire]], i) =>
            fired[i] === 'overflow' ? [] : (fire?.uses ?? []).map(({ key }) => `${rule.memoryKey} ${key}`),
          );
        });
        const held = await heldRows(store, rules);
        const used = [...held].filter(([, row]) => row.used).map(([key]) => key);
        expect(used.toSorted()).toEqual(recorded.filter((key) => held.has(key)).toSorted());
      });
    }),
    { numRuns: RUNS },
  );
  expect(overflows).toBeGreaterThan(0); // budgets ran out
});

/** By the rule's memory key and the key of the row. */
async function heldRows(store: SqliteState, rules: readonly CompiledRule[]): Promise<ReadonlyMap<string, Row>> {
  const rows = new Map<string, Row>();
  for (const { memoryKey } of rules) {
    for (const { member } of await entriesOf(store, CLUSTER, stateKeys.groups(memoryKey))) {
      const group = await hashOf(store, CLUSTER, stateKeys.rows(memoryKey, member));
      for (const [key, text] of group) rows.set(`${memoryKey} ${key}`, decodeRow(key, text));
    }
  }
  return rows;
}
