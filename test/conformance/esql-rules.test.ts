/**
 * The ES|QL rules of the kit, where it lies beside the project: what their queries select, and at which events a group
 * survives its query.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'smol-toml';
import { decodeEvent } from '../../src/audit/decode.ts';
import type { DecodedEvent } from '../../src/audit/event.ts';
import { FIELDS, resolveField } from '../../src/ecs/fields.ts';
import { type CompiledQuery, compileEsql } from '../../src/query/esql/compile.ts';
import { createEventTable } from '../../src/query/esql/event-table.ts';
import { contribute, foldGroup } from '../../src/query/esql/group.ts';
import { type Contribution, groupIdentity } from '../../src/query/esql/stage-stats.ts';
import { startQuery } from '../../src/query/esql/start.ts';
import { nearest } from '../../src/query/nearest.ts';
import { expectKind } from '../support/expect.ts';

const KIT = join(import.meta.dirname, '../../../shared/conformance');
const TABLE = createEventTable({
  listed: FIELDS,
  resolveField,
  suggestField: (name) =>
    nearest(
      name,
      FIELDS.map((field) => field.name),
    ),
});

interface Rule {
  readonly rule: { readonly query: string; readonly from?: string };
}

interface Held {
  readonly at: number;
  readonly auditID: string;
  readonly contribution: Contribution;
}

interface Outcome {
  readonly matches: ReadonlySet<string>;
  readonly fires: readonly string[];
}

const MINUTE = 60_000_000;

function run(query: CompiledQuery<DecodedEvent>, events: readonly DecodedEvent[], window: number): Outcome {
  const matches = new Set<string>();
  const fires: string[] = [];
  const groups = new Map<string, Held[]>();
  for (const event of events) {
    const now = event.at / 1_000;
    const auditID = event.event.auditID ?? '';
    if (query.stats === undefined) {
      const running = startQuery(query, now);
      running.push(event);
      if (running.finish().rows.length > 0) matches.add(auditID);
    }
    for (const contribution of contribute(query, event, now).contributions) {
      const id = groupIdentity(contribution.keys);
      const held = [
        ...(groups.get(id) ?? []).filter(({ at }) => at > event.at - window),
        { at: event.at, auditID, contribution },
      ];
      groups.set(id, held);
      if (
        foldGroup(
          query,
          held.map((one) => one.contribution),
          now,
        ).rows.length === 0
      )
        continue;
      fires.push(auditID);
      for (const one of held) matches.add(one.auditID);
    }
  }
  return { matches, fires };
}

function windowOf(from = 'now-6m'): number {
  const [, count, unit] = /^now-(\d+)([md])$/.exec(from) ?? [];
  return Number(count) * (unit === 'd' ? 24 * 60 : 1) * MINUTE;
}

if (existsSync(join(KIT, 'expected.json'))) {
  const expected: Readonly<
    Record<string, { file: string; type: string; matches: readonly string[]; fires?: readonly string[] }>
  > = JSON.parse(readFileSync(join(KIT, 'expected.json'), 'utf8'));
  const lines = readFileSync(join(KIT, 'events.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const events = lines.flatMap((line, ordinal) => {
    const event = decodeEvent(JSON.parse(line), ordinal, Date.UTC(2100, 0, 1) * 1_000);
    return 'reason' in event ? [] : [event];
  });

  for (const { file, type, matches, fires } of Object.values(expected)) {
    if (type !== 'esql') continue;
    test(`${file} selects and fires as in Elastic`, () => {
      const { rule } = parse(readFileSync(join(KIT, 'rules', `${file}.toml`), 'utf8')) as unknown as Rule;
      const compiled = compileEsql(rule.query, TABLE);
      expectKind(compiled, 'ok');
      const outcome = run(compiled.query, events, windowOf(rule.from));
      expect([...outcome.matches].sort()).toEqual([...matches].sort());
      if (fires !== undefined) expect(outcome.fires).toEqual(fires);
    });
  }
} else {
  test.skip('the kit does not lie beside the project', () => {});
}
