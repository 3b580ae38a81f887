import { cutBytes } from '../audit/text.ts';
import type { CompiledRule, Fire, WindowedKind } from '../rules/compiled-rule.ts';
import { GROUP_CAP, LATENESS, ROW_CAP } from '../rules/limits.ts';
import {
  byTime,
  decodeLetGo,
  decodeRow,
  encodeLetGo,
  encodeRow,
  type LetGo,
  type NewRow,
  type Row,
} from '../rules/row.ts';
import type { StateRead } from '../rules/state.ts';
import type { StateDraft } from '../rules/state-draft.ts';
import { LET_GO, ruleFields, stateKeys } from '../rules/state-keys.ts';
import type { Decision } from './decision.ts';
import { describeEvent } from './draft.ts';

/** A decision about an event that its rule judges together with others. */
export interface RowDecision extends Decision {
  readonly occurrence: Decision['occurrence'] & { readonly row: NewRow };
}

/** The result of adding a row. */
export type Taken =
  | { readonly kind: 'duplicate' | 'late' }
  /** The row is stored; `letGo` says what its group had to drop. */
  | { readonly kind: 'held'; readonly fires: readonly Fire[]; readonly letGo: LetGo | undefined };

/** The groups of a step: adds rows, judges groups, marks rows as used. */
export interface RowBook {
  /** @param hwm the latest event time before this event (µs) */
  take(decision: RowDecision, hwm: number): Taken;
  /** Marks the rows of a recorded alert as used. */
  consume(decision: RowDecision, fire: Fire): void;
}

/** Of an audit ID: clients can choose it, and API servers allow 64 characters. */
const AUDIT_ID_BYTES = 64;
/** Of the short text about an event of a sequence. */
const LABEL_BYTES = 160;

export function isRowDecision(decision: Decision): decision is RowDecision {
  return decision.occurrence.row !== undefined;
}

/** The first round of reads: each group with all of its rows, and its rank among the groups. */
export function rowReads(decisions: readonly RowDecision[]): StateRead[] {
  const rowsKeys = new Set<string>();
  const groups = new Map<string, Set<string>>();
  for (const { rule, occurrence } of decisions) {
    const { group } = occurrence.row;
    rowsKeys.add(stateKeys.rows(rule.memoryKey, group));
    const key = stateKeys.groups(rule.memoryKey);
    const members = groups.get(key) ?? new Set();
    groups.set(key, members.add(group));
  }
  return [
    ...[...rowsKeys].map((key) => ({ kind: 'hash', key }) as const),
    ...[...groups].map(([key, members]) => ({ kind: 'scores', key, members: [...members] }) as const),
    ...[...groups.keys()].map((key) => ({ kind: 'size', key }) as const),
  ];
}

/** The second round: for a rule that will exceed its limit of groups, those that may have to go. */
export function groupReads(decisions: readonly RowDecision[], draft: StateDraft): StateRead[] {
  const touched = new Map<string, Set<string>>();
  for (const { rule, occurrence } of decisions) {
    const key = stateKeys.groups(rule.memoryKey);
    const groups = touched.get(key) ?? new Set();
    touched.set(key, groups.add(occurrence.row.group));
  }
  return [...touched].flatMap(([key, groups]) => {
    const known = [...groups].filter((group) => draft.score(key, group) !== undefined).length;
    const over = draft.size(key) + groups.size - known - GROUP_CAP;
    return over > 0 ? [{ kind: 'oldest', key, limit: over + known } as const] : [];
  });
}

/** The decisions whose groups will hold enough rows after this step that they may fire. */
export function mayFire(decisions: readonly RowDecision[], draft: StateDraft): readonly RowDecision[] {
  const groups = new Map<string, { decisions: RowDecision[]; rows: Pick<Row, 'items' | 'used'>[] }>();
  for (const decision of decisions) {
    const { row } = decision.occurrence;
    const key = stateKeys.rows(decision.rule.memoryKey, row.group);
    if (draft.field(key, decision.identity) !== undefined) continue;
    const group = groups.get(key) ?? { decisions: [], rows: readRows(draft, key) };
    groups.set(key, group);
    group.decisions.push(decision);
    group.rows.push({ items: row.items, used: false });
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group.decisions;
    return first?.rule.kind.windowed?.mayFire(first.rule, group.rows) ? group.decisions : [];
  });
}

interface Group {
  /** In order of time. */
  rows: Row[];
  letGo: LetGo | undefined;
  /** The index of the next row by arrival. */
  next: number;
}

/** @param fault called if a rule fails on an event: the event is stored and fires nothing */
export function createRowBook(draft: StateDraft, fault: (decision: RowDecision, error: unknown) => void): RowBook {
  const groups = new Map<string, Group>();

  function groupOf(key: string): Group {
    const known = groups.get(key);
    if (known !== undefined) return known;
    const rows = readRows(draft, key).sort(byTime);
    const letGo = draft.field(key, LET_GO);
    const next = rows.reduce((highest, { order }) => Math.max(highest, order + 1), 0);
    const group = { rows, letGo: letGo === undefined ? undefined : decodeLetGo(letGo), next };
    groups.set(key, group);
    return group;
  }

  function remove(key: string, group: Group, count: number): readonly Row[] {
    const gone = group.rows.splice(0, count);
    for (const row of gone) draft.removeField(key, row.key);
    return gone;
  }

  /** Drops rows that are too old for any window. */
  function prune(key: string, group: Group, oldest: number): void {
    const keep = group.rows.findIndex(({ at }) => at >= oldest);
    if (keep !== 0) remove(key, group, keep === -1 ? group.rows.length : keep);
    if (group.letGo !== undefined && group.letGo.to < oldest) {
      group.letGo = undefined;
      draft.removeField(key, LET_GO);
    }
  }

  function letGoOldest(key: string, group: Group, rule: CompiledRule): void {
    const gone = remove(key, group, group.rows.length - ROW_CAP);
    const from = group.letGo?.from ?? gone[0]?.at ?? 0;
    group.letGo = { count: (group.letGo?.count ?? 0) + gone.length, from, to: gone.at(-1)?.at ?? from };
    draft.setField(key, LET_GO, encodeLetGo(group.letGo));
    draft.count(stateKeys.rule(rule.memoryKey), ruleFields.letGo, gone.length);
  }

  /** Notes that the group is alive; beyond the limit the group longest without an event goes. */
  function refresh(rule: CompiledRule, group: string, at: number, oldest: number): void {
    const key = stateKeys.groups(rule.memoryKey);
    draft.raise(key, group, at, keepMs(rule));
    if (draft.size(key) <= GROUP_CAP) return;
    for (const { member, score } of draft.entries(key, 'oldest')) {
      if (draft.size(key) <= GROUP_CAP) return;
      if (draft.score(key, member) !== score) continue;
      draft.remove(key, member);
      const rowsKey = stateKeys.rows(rule.memoryKey, member);
      draft.removeHash(rowsKey);
      groups.delete(rowsKey);
      if (score >= oldest) draft.count(stateKeys.rule(rule.memoryKey), ruleFields.evicted, 1);
    }
  }

  function judge(decision: RowDecision, rows: readonly Row[], added: Row): readonly Fire[] {
    try {
      return windowedOf(decision.rule).fires(decision.rule, rows, added);
    } catch (error) {
      fault(decision, error);
      return [];
    }
  }

  return {
    take(decision, hwm) {
      const { rule, event, occurrence, identity } = decision;
      const { row } = occurrence;
      const key = stateKeys.rows(rule.memoryKey, row.group);
      const group = groupOf(key);
      if (draft.field(key, identity) !== undefined) return { kind: 'duplicate' };
      const oldest = hwm - memoryMicros(rule);
      if (event.at < oldest || event.at < (group.letGo?.to ?? 0)) return { kind: 'late' };
      prune(key, group, oldest);

      const added: Row = {
        key: identity,
        at: event.at,
        order: group.next,
        auditID: cutBytes(event.event.auditID ?? '', AUDIT_ID_BYTES),
        requestKey: decision.requestKey,
        label: rule.sequence === undefined ? '' : cutBytes(describeEvent(decision), LABEL_BYTES),
        items: row.items,
        columns: row.columns,
        used: false,
      };
      group.next += 1;
      const place = group.rows.findLastIndex(({ at }) => at <= added.at) + 1;
      group.rows.splice(place, 0, added);
      draft.setField(key, identity, encodeRow(added), keepMs(rule));
      if (group.rows.length > ROW_CAP) letGoOldest(key, group, rule);
      refresh(rule, row.group, event.at, oldest);
      if (group.rows.indexOf(added) === -1) return { kind: 'late' };
      return { kind: 'held', fires: judge(decision, group.rows, added), letGo: group.letGo };
    },

    consume({ rule, occurrence }, { uses }) {
      const key = stateKeys.rows(rule.memoryKey, occurrence.row.group);
      const used = new Map(uses.map((row) => [row.key, { ...row, used: true }]));
      const group = groupOf(key);
      group.rows = group.rows.map((row) => used.get(row.key) ?? row);
      for (const row of used.values()) draft.setField(key, row.key, encodeRow(row), keepMs(rule));
    },
  };
}

/** The stored rows of a group, in any order. */
function readRows(draft: StateDraft, key: string): Row[] {
  return [...draft.fields(key)].flatMap(([field, text]) => (field === LET_GO ? [] : [decodeRow(field, text)]));
}

export function windowedOf({ kind, document }: CompiledRule): WindowedKind {
  if (kind.windowed === undefined) throw new TypeError(`rules of type ${document.type} hold no rows`);
  return kind.windowed;
}

/** How long a row stays useful: its window, and the lateness of events. */
export function memoryMicros(rule: CompiledRule): number {
  return windowedOf(rule).windowMicros(rule) + LATENESS;
}

function keepMs(rule: CompiledRule): number {
  return Math.ceil(memoryMicros(rule) / 1_000);
}
